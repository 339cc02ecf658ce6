import Dispatch
public import SyncCore

extension BackendFactory {
  /// A file per schema, under the folder of the settings. The option `files` says how many may stay open without being
  /// used (384: a connection has three, and one that is opened anew costs more than a request).
  public static let sqlite = BackendFactory(name: "sqlite", aliases: ["sqlite3"]) { settings in
    try await SQLiteBackend(settings, SchemaConnection.Plan())
  }
}

/// SQLite in WAL mode: readers never wait for the writer, and the writers of a schema take turns before they take a
/// thread.
final class SQLiteBackend: Backend {
  let files: SchemaFiles
  let plan: SchemaConnection.Plan
  let pool: WorkerPool
  private let writers: Turns<Schema>
  private let connections: Connections

  init(_ settings: StorageSettings, _ plan: SchemaConnection.Plan) async throws {
    let patience = Duration.seconds(settings.patience)
    let openFiles = settings.options["files"].flatMap { Int($0) } ?? 384
    (files, self.plan) = (SchemaFiles(settings.folder), plan)
    writers = Turns(length: settings.queue, patience: patience)
    pool = WorkerPool(threads: settings.threads, patience: .seconds(settings.threadPatience))
    // A connection has its file, the log and the log's index open.
    connections = Connections(limit: max(openFiles / 3, 1))
    try await pool.run { [files] _ in try files.prepare() }
  }

  func create(_ schema: Schema) async throws {
    try await alone(schema) { [self] cancellation in
      if !files.exists(schema) {
        do { return try fill(schema, cancellation) { _ in } } catch let error as StorageError
          where error.code == .conflict
        {
          // Another process was faster.
        }
      }
      connections.give(try take(schema))
    }
  }

  func drop(_ schema: Schema) async throws {
    try await alone(schema) { [self] _ in
      _ = connections.doom(schema)
      try files.remove(schema)
    }
  }

  func schemas() async throws -> [Schema] {
    try await pool.run { [files] _ in try files.schemas() }
  }

  func read<T: Sendable>(
    _ schema: Schema, _ body: @escaping @Sendable (any RowReader) throws -> T
  ) async throws -> T {
    defer { closeSurplus() }
    return try await pool.run { [self] cancellation in
      try using(schema) { try $0.read(cancellation, body) }
    }
  }

  func read<T: Sendable, U: Sendable>(
    _ first: Schema, _ body: @escaping @Sendable (any RowReader) throws -> T,
    then second: Schema, _ next: @escaping @Sendable (any RowReader, T) throws -> U
  ) async throws -> U {
    defer { closeSurplus() }
    return try await pool.run { [self] cancellation in
      let value = try using(first) { try $0.read(cancellation, body) }
      return try using(second) { try $0.read(cancellation) { try next($0, value) } }
    }
  }

  func write<T: Sendable>(
    _ schema: Schema, _ durability: Durability, _ body: @escaping @Sendable (any RowStore) throws -> T
  ) async throws -> T {
    defer { closeSurplus() }
    return try await alone(schema) { [self] cancellation in
      try using(schema) { try $0.write(durability, cancellation, body) }
    }
  }

  func load<T: Sendable>(
    _ schema: Schema, _ body: @escaping @Sendable (any RowLoader) throws -> T
  ) async throws -> T {
    try await alone(schema) { [self] cancellation in try fill(schema, cancellation, body) }
  }

  func close() async {
    await pool.close()
    await withCheckedContinuation { continuation in
      // Closing waits for the disk, and the threads for that are gone.
      DispatchQueue.global().async { [connections] in
        _ = connections.empty()
        continuation.resume()
      }
    }
  }

  private func fill<T>(
    _ schema: Schema, _ cancellation: Cancellation, _ body: (any RowLoader) throws -> T
  ) throws -> T {
    try files.make(schema) { try SQLiteLoader.fill($0, schema.kind, plan, cancellation, body) }
  }

  /// Runs `body` when it is its turn among those who change the schema.
  private func alone<T: Sendable>(
    _ schema: Schema, _ body: @escaping @Sendable (Cancellation) throws -> T
  ) async throws -> T {
    try await writers.take(schema) { try await pool.run(body) }
  }

  private func using<T>(_ schema: Schema, _ body: (SchemaConnection) throws -> T) throws -> T {
    let connection = try take(schema)
    defer { connections.give(connection) }
    return try body(connection)
  }

  private func take(_ schema: Schema) throws -> SchemaConnection {
    let connection = try connections.take(schema) { try SchemaConnection(schema, path: files.path(schema), plan) }
    // Another process may have dropped it: an open connection would go on in a file without a name.
    guard connection.hasFile else {
      _ = connections.doom(schema)
      connections.give(connection)
      throw StorageError(.notFound, "no \(schema)")
    }
    return connection
  }

  /// Closing a connection waits for the disk, so nobody's answer waits for it.
  private func closeSurplus() {
    guard connections.areTooMany else { return }
    Task { [pool, connections] in try? await pool.run { _ in _ = connections.surplus() } }
  }
}

extension SQLiteBackend: CollectionViews {
  /// The path is that of a link to the file, beside it.
  func show(user: Int64, generation: Int64) async throws -> String {
    let schema = Schema.collection(user: user, generation: generation)
    return try await alone(schema) { [self] _ in
      try using(schema) { try $0.makeViews() }
      return try files.show(schema, of: user)
    }
  }
}
