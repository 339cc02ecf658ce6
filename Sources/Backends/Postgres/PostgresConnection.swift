import CPostgres
import Dispatch
import Foundation
import SQLBackend
import SyncCore
import Synchronization

/// A connection to a PostgreSQL server.
///
/// `@unchecked Sendable` holds because a connection is used by one thread at a time, the one that has taken it from its
/// pool; ``interrupt()`` touches nothing but what is made for that.
final class PostgresConnection: ServerConnection, @unchecked Sendable {
  /// Answers that may be outstanding: libpq keeps what has arrived of them in memory.
  private static let mostAwaited = 200
  /// What a page of a scan has, at most where rows are alike: half of what may be read ahead.
  private static let rowsAtOnce = 500
  private static let bytesAtOnce = 512 << 10

  private let handle: OpaquePointer
  private let cancel: CancelKey
  private let isInterrupted = Atomic(false)
  private var pipeline: Pipeline
  private var work: Work?
  /// What the server has not answered yet.
  private var openings: [Opening<PostgresAnswer>] = []
  /// What made the transaction fail; nothing of it is kept then.
  private var failure: (any Error)?
  /// The rows of a table that are on their way.
  private var copy: CopyStream?

  /// - Throws: `unavailable` where nobody answers or the server is starting, `invalid` where it refuses us.
  init(_ address: PostgresAddress, lockPatience: Double) throws {
    let handle = try Self.open(address)
    self.handle = handle
    cancel = CancelKey(handle)
    pipeline = Pipeline(handle)
    PQsetNoticeProcessor(handle, { _, _ in }, nil)
    let encoding = PQparameterStatus(handle, "server_encoding").map { String(cString: $0) } ?? ""
    try PostgresServer.check(version: PQserverVersion(handle), encoding: encoding)
    try run(Self.habits(lockPatience: lockPatience))
    PQenterPipelineMode(handle)
  }

  deinit { PQfinish(handle) }

  var state: ConnectionState {
    // In a transaction there is somebody who asks for the answers.
    if work == nil { pipeline.collectWhatIsThere() }
    let isUsable =
      work == nil && !isInterrupted.load(ordering: .acquiring) && PQstatus(handle) == CONNECTION_OK && isQuiet
    return ConnectionState(isUsable: isUsable, roundTrips: pipeline.roundTrips)
  }

  /// Asks the server through a connection of its own, on a thread of its own: that takes a while. It may come too late
  /// and meet the next statement, so this connection is not used again.
  func interrupt() {
    isInterrupted.store(true, ordering: .releasing)
    DispatchQueue.global().async { [cancel] in cancel.send() }
  }

  // MARK: Transactions

  func begin(_ work: Work, in schema: String, _ openings: [Opening<PostgresAnswer>]) throws {
    (self.work, self.openings, failure) = (work, openings, nil)
    try noting {
      for sql in work.beginning(in: schema) { try pipeline.send(sql, PostgresValues()) }
      try pipeline.forgetOldest()
      for opening in openings {
        for question in opening.questions { try pipeline.send(question, in: opening.schema, PostgresValues()) }
      }
    }
    if case .alter = work { try settle() }
  }

  func open() throws {
    if !openings.isEmpty { try settle() }
  }

  func end(keeping: Bool) throws {
    guard let work else { return }
    defer { (self.work, openings, failure) = (nil, [], nil) }
    guard keeping else { return abandon() }
    do { try keep(work) } catch {
      abandon()
      throw error
    }
  }

  private func keep(_ work: Work) throws {
    try noting { try endCopy(keeping: true) }
    // What the opening asks decides whether anything may be kept.
    try open()
    if case .look = work { return }
    try noting { try pipeline.send("COMMIT", PostgresValues()) }
    // A reader has all that it wanted to know.
    if case .read = work { return try noting { try pipeline.sync() } }
    // A server that has to commit what failed rolls it back and calls that a success.
    guard try settle()?.command == "COMMIT" else {
      throw StorageError(.unavailable, "PostgreSQL: the transaction was not committed")
    }
  }

  /// A connection that cannot even do this is broken, and its state says so.
  private func abandon() {
    try? endCopy(keeping: false)
    // Where something before it fails, the server passes over the rollback too; and an answer to it must not be taken
    // for one to the next transaction.
    if !pipeline.isEmpty { try? pipeline.collect() }
    if case .look = work { return }
    // Nobody waits for a rollback alone: it is through before the connection's next statement.
    try? pipeline.send("ROLLBACK")
    try? pipeline.sync()
  }

  // MARK: Statements

  func define(_ statements: [String]) throws {
    try noting {
      try endCopy(keeping: true)
      for sql in statements { try pipeline.send(sql) }
    }
  }

  func execute(_ sql: String, in schema: String, _ values: PostgresValues) throws {
    try noting { try pipeline.send(sql, in: schema, values) }
    if pipeline.count > Self.mostAwaited { try settle() }
  }

  func query(
    _ sql: String, in schema: String, _ values: PostgresValues, _ row: (inout PostgresAnswer) throws -> Void
  ) throws {
    try noting { try pipeline.send(sql, in: schema, values) }
    try settle()?.forEach(row)
  }

  /// Page by page, since libpq has a whole answer in memory: one is read while the next one is on its way.
  func scan<R: Row>(_ table: TableSQL, in schema: String, _ body: (R) throws -> Void) throws {
    var (after, limit): (R.Key?, Int) = (nil, 50)
    try ask(table.page(after: after), limit, in: schema)
    while let page = try settle(), page.rowCount > 0 {
      let isLast = page.rowCount < limit
      if !isLast {
        var last = PostgresAnswer(page, row: page.rowCount - 1)
        after = (try last.row() as R).key
        limit = min(limit * 4, Self.rowsAtOnce, max(1, Self.bytesAtOnce / page.bytesOfRow))
        try ask(table.page(after: after), limit, in: schema)
        try noting { try pipeline.sync() }
      }
      try page.forEach { try body(try $0.row()) }
      if isLast { return }
    }
  }

  private func ask(_ query: Query<some RowKey>, _ limit: Int, in schema: String) throws {
    var values = PostgresValues()
    try query.bind(&values, limit: limit)
    try noting { try pipeline.send(query.sql, in: schema, values) }
  }

  /// Waits for the answers to everything that was sent.
  /// - Returns: the last of them.
  @discardableResult
  private func settle() throws -> PostgresResult? {
    var last: PostgresResult?
    // The statements that begin a transaction come first, and have no rows to tell of.
    var unanswered = openings.flatMap { opening -> [((PostgresAnswer?) throws -> Void)?] in
      opening.questions.dropLast().map { _ in nil } + [opening.take]
    }[...]
    try noting {
      try pipeline.collect { result in
        last = result
        guard !unanswered.isEmpty, result.status == PGRES_TUPLES_OK else { return }
        try unanswered.removeFirst()?(result.rowCount > 0 ? PostgresAnswer(result, row: 0) : nil)
      }
    }
    openings = []
    return last
  }

  func load<R: Row>(_ rows: ArraySlice<R>, _ table: TableSQL) throws {
    try noting {
      if copy?.target != table.nameAndColumns {
        try endCopy(keeping: true)
        try settle()
        copy = try CopyStream(handle, into: table.nameAndColumns)
      }
      try copy?.append(rows)
    }
  }

  private func endCopy(keeping: Bool) throws {
    guard let ended = copy else { return }
    copy = nil
    try ended.end(keeping: keeping)
  }

  /// Does what belongs to the transaction. An error is the end of it: the server accepts nothing but its rollback.
  private func noting<T>(_ body: () throws -> T) throws -> T {
    if let failure { throw failure }
    do { return try body() } catch {
      failure = work == nil ? nil : error
      throw error
    }
  }
}

// MARK: Beginning and end

extension PostgresConnection {
  private static func open(_ address: PostgresAddress) throws -> OpaquePointer {
    var isSecondTry = false
    while true {
      guard let handle = PQconnectdb(address.text) else {
        throw StorageError(.unavailable, "no memory for a connection")
      }
      if PQstatus(handle) == CONNECTION_OK { return handle }
      defer { PQfinish(handle) }
      guard PQping(address.text) == PQPING_OK else {
        throw StorageError(.unavailable, handle, advice: "are host and port right?")
      }
      // It is there for others, so it is us whom it refuses; unless it has come up just now.
      if isSecondTry {
        throw StorageError(
          .invalid, handle, advice: "are user, password, database and sslmode right, and does pg_hba.conf let us in?")
      }
      isSecondTry = true
    }
  }

  /// What every session is told. The statements are few and known, so each is planned once, and by the index that it is
  /// made for: without statistics, as after a load, the planner would rather read whole tables.
  private static func habits(lockPatience: Double) -> String {
    """
    SET client_min_messages = error; SET statement_timeout = 0; SET idle_in_transaction_session_timeout = '10min';
    SET lock_timeout = \(max(Int(lockPatience * 1000), 1));
    SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_bitmapscan = off; SET jit = off;
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';
    SELECT set_config(name, '10s', false) FROM pg_settings WHERE name = 'client_connection_check_interval'
    """
  }

  /// Whether the server has said nothing unasked: it does when it closes the connection.
  private var isQuiet: Bool {
    for _ in 0..<2 where pipeline.isEmpty {
      var socket = pollfd(fd: PQsocket(handle), events: Int16(POLLIN), revents: 0)
      guard poll(&socket, 1, 0) != 0 else { return true }
      // A notice, or the end of the connection: then this fails, or the next look finds it.
      guard PQconsumeInput(handle) == 1, PQstatus(handle) == CONNECTION_OK else { return false }
    }
    return !pipeline.isEmpty
  }

  /// Before the pipeline begins.
  private func run(_ sql: String) throws {
    guard let pointer = PQexec(handle, sql) else { throw StorageError(.unavailable, handle) }
    let result = PostgresResult(pointer)
    guard result.status == PGRES_COMMAND_OK || result.status == PGRES_TUPLES_OK else { throw StorageError(result) }
  }
}

/// What the server wants to see before it stops a statement.
///
/// `@unchecked Sendable` holds because it never changes, and libpq lets any thread send it.
private final class CancelKey: @unchecked Sendable {
  private let key: OpaquePointer?

  init(_ connection: OpaquePointer) { key = PQgetCancel(connection) }
  deinit { if let key { PQfreeCancel(key) } }

  func send() {
    var reason = [CChar](repeating: 0, count: 256)
    // Where it fails, the statement goes on to its end, and fails then.
    if let key { _ = PQcancel(key, &reason, Int32(reason.count)) }
  }
}
