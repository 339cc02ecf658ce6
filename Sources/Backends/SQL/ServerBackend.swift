public import SyncCore

/// An engine that is a database server with a schema per ``Schema``.
///
/// The writers of a schema take turns before they take a connection; the lock on the schema's version serves the other
/// processes.
public final class ServerBackend<Server: DatabaseServer>: Backend {
  private typealias Connection = Server.Connection

  let server: Server
  let dialect: ServerDialect
  let migrations: Migrations
  /// How many connections there may be.
  let threads: Int
  let now: @Sendable () -> ContinuousClock.Instant
  let vocabulary: Vocabulary
  let openings: OpeningQuestions
  private let writers: Turns<Schema>
  private let pool: WorkerPool
  private let connections: ConnectionPool<Server>
  let current = CurrentSchemas()
  private let countRoundTrips: @Sendable (Int) -> Void

  /// Opens the engine; a server that is not up yet is waited for (`settings.startPatience`).
  /// - Throws: `unavailable` where it does not come up, `invalid` where it refuses us.
  public init(
    _ server: Server, _ settings: StorageSettings, migrations: Migrations = .all,
    now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
  ) async throws {
    (self.server, self.now, threads) = (server, now, settings.threads)
    dialect = server.dialect
    (vocabulary, openings) = (Vocabulary(dialect.tables), OpeningQuestions(dialect))
    self.migrations = migrations
    countRoundTrips = settings.countRoundTrips
    writers = Turns(length: settings.queue, patience: .seconds(settings.patience))
    pool = WorkerPool(threads: settings.threads, patience: .seconds(settings.threadPatience))
    connections = ConnectionPool(server, age: .seconds(settings.connectionAge), now: now)
    do {
      try await reach(server, until: now().advanced(by: .seconds(settings.startPatience)), now)
    } catch {
      await pool.close()
      throw error
    }
  }

  public func create(_ schema: Schema) async throws {
    try await alone(schema) { [self] connection, cancellation in
      do { try bringUpToDate(schema, connection) } catch let error as StorageError where error.code == .notFound {
        do { try make(schema, connection, cancellation) { _ in } } catch let error as StorageError
          where error.code == .conflict
        {
          // Another process was faster.
          try bringUpToDate(schema, connection)
        }
      }
    }
  }

  public func drop(_ schema: Schema) async throws {
    try await alone(schema) { [self] connection, cancellation in
      current.remove(schema)
      let name = dialect.name(schema)
      try persistently(cancellation) {
        try connection.transaction(.drop, in: name) { try connection.define(views(of: schema) + dialect.drop(name)) }
      }
    }
  }

  public func schemas() async throws -> [Schema] {
    try await run { [self] connection, _ in
      var names: [String] = []
      try connection.query(dialect.names, Connection.Values()) { answer in
        var name = Text()
        try answer.text("name", &name)
        names.append(name.string)
      }
      return names.compactMap(dialect.schema)
    }
  }

  public func read<T: Sendable>(
    _ schema: Schema, _ body: @escaping @Sendable (any RowReader) throws -> T
  ) async throws -> T {
    try await run { [self] connection, cancellation in
      try transaction(.read, schema, connection, cancellation, body)
    }
  }

  public func read<T: Sendable, U: Sendable>(
    _ first: Schema, _ body: @escaping @Sendable (any RowReader) throws -> T,
    then second: Schema, _ next: @escaping @Sendable (any RowReader, T) throws -> U
  ) async throws -> U {
    try await run { [self] connection, cancellation in
      if let value = try look(first, body, then: second, next, connection, cancellation) { return value }
      let value = try transaction(.read, first, connection, cancellation, body)
      return try transaction(.read, second, connection, cancellation) { try next($0, value) }
    }
  }

  public func write<T: Sendable>(
    _ schema: Schema, _ durability: Durability, _ body: @escaping @Sendable (any RowStore) throws -> T
  ) async throws -> T {
    try await alone(schema) { [self] connection, cancellation in
      try transaction(.write(durability), schema, connection, cancellation, body)
    }
  }

  public func load<T: Sendable>(
    _ schema: Schema, _ body: @escaping @Sendable (any RowLoader) throws -> T
  ) async throws -> T {
    try await alone(schema) { [self] connection, cancellation in
      try make(schema, connection, cancellation, body)
    }
  }

  public func close() async {
    await pool.close()
    connections.empty()
  }

  // MARK: Connections

  func run<T: Sendable>(
    _ body: @escaping @Sendable (Server.Connection, Cancellation) throws -> T
  ) async throws -> T {
    let (value, roundTrips) = try await pool.run { [connections] cancellation in
      try connections.using(cancellation) { connection in
        let before = connection.state.roundTrips
        return (try body(connection, cancellation), connection.state.roundTrips - before)
      }
    }
    countRoundTrips(roundTrips)
    return value
  }

  /// Runs `body` when it is its turn among those of this process who change the schema.
  func alone<T: Sendable>(
    _ schema: Schema, _ body: @escaping @Sendable (Server.Connection, Cancellation) throws -> T
  ) async throws -> T {
    try await writers.take(schema) { try await run(body) }
  }

  private func reach(
    _ server: Server, until end: ContinuousClock.Instant, _ now: @Sendable () -> ContinuousClock.Instant
  ) async throws {
    while true {
      do {
        // Not through the connections: what is refused here for good has to be told as that.
        return try await pool.run { _ in try server.tidy(try server.connect()) }
      } catch let error as StorageError where error.code == .unavailable && now() < end {
        try await Task.sleep(for: .milliseconds(250))
      }
    }
  }

  // MARK: Schemas

  /// What removes the views of a user who is removed.
  private func views(of schema: Schema) -> [String] {
    guard case .user(let id) = schema else { return [] }
    return dialect.views.drop(dialect.viewsName(id))
  }

  /// Looks at a schema's version before the first use, and runs the migrations that it lacks.
  func bringUpToDate(_ schema: Schema, _ connection: Server.Connection) throws {
    let name = dialect.name(schema)
    let found = try version(of: schema, connection)
    if try !migrations.steps(schema.kind, from: found).isEmpty {
      let heads = openings.version(isWriting: true)
      try connection.transaction(.alter, in: name, [opening(schema, heads)]) {
        // Somebody else may have been faster.
        for step in try migrations.steps(schema.kind, from: heads.version ?? found) {
          try connection.define(step(dialect.tables))
        }
        try connection.define(["UPDATE schema_version SET version = \(migrations.newest(schema.kind))"])
      }
    }
    current.insert(schema)
  }

  /// Makes a schema: tables, what `fill` loads, indexes, and last the mark that it is complete.
  /// - Throws: `conflict` where it is there already.
  private func make<T>(
    _ schema: Schema, _ connection: Server.Connection, _ cancellation: Cancellation,
    _ fill: (any RowLoader) throws -> T
  ) throws -> T {
    let name = dialect.name(schema)
    let tables = try vocabulary.tables(of: schema.kind)
    let value = try connection.transaction(.make, in: name) {
      do {
        try connection.define(dialect.create(name) + tables.map(\.createTable))
        let loader = ServerLoader(connection, vocabulary, cancellation)
        let value = try fill(loader)
        try loader.finish()
        try connection.define(tables.flatMap(\.createIndexes) + dialect.mark(migrations.newest(schema.kind)))
        try cancellation.check()
        return value
      } catch {
        // What is left where this fails has no mark: nobody sees it, and the next one to make or drop it removes it.
        if !dialect.undoesTables { try? connection.define(dialect.drop(name)) }
        throw error
      }
    }
    current.insert(schema)
    return value
  }

  /// Tries again while others use the schema; each try waits for them a little, and lets others in before the next.
  func persistently(_ cancellation: Cancellation, _ body: () throws -> Void) throws {
    for _ in 1..<20 {
      do { return try body() } catch let error as StorageError where error.code == .conflict {
        try cancellation.check()
      }
    }
    try body()
  }
}
