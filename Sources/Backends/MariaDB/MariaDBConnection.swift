import SQLBackend
import SyncCore

/// A connection to a MariaDB server: what transactions and schemas are to it.
///
/// `@unchecked Sendable` holds because a connection is used by one thread at a time, the one that has taken it from its
/// pool; ``interrupt()`` touches nothing but what is made for that.
final class MariaDBConnection: ServerConnection, @unchecked Sendable {
  /// Bytes that a load sends between two commits.
  private static let commitSize = 64 << 20

  private let server: MariaDBServer
  private let session: MariaDBSession
  /// The transaction that is open.
  private var work: (kind: Work, schema: String)?
  /// What made it fail; nothing of it is kept then.
  private var failure: (any Error)?
  /// Whether the session holds a lock that does not end with a transaction.
  private var isLocking = false
  /// Bytes that a load has sent since its last commit.
  private var loaded = 0

  /// - Throws: `unavailable` where the server cannot be reached, `invalid` where it refuses us or cannot be used as it
  ///   is set up.
  init(_ server: MariaDBServer) throws {
    self.server = server
    session = try MariaDBSession(server)
  }

  /// By what the server knows the connection.
  var id: UInt { session.id }

  var state: ConnectionState {
    ConnectionState(isUsable: work == nil && session.isUsable, roundTrips: session.roundTrips)
  }

  /// The server is told by the thread that uses the connection, when it ends its transaction.
  func interrupt() { session.interrupt() }

  // MARK: Transactions

  /// Without autocommit a transaction begins by itself, with the first question.
  func begin(_ work: Work, in schema: String, _ openings: [Opening<ResultReader>]) throws {
    self.work = (work, schema)
    try prepare(work, schema)
    for opening in openings {
      for question in opening.questions.dropLast() { try execute(question, in: opening.schema, Parameters()) }
      try ask(opening)
    }
  }

  /// They are answered as they are asked.
  func open() {}

  private func ask(_ opening: Opening<ResultReader>) throws {
    guard let question = opening.questions.last else { return }
    var isThere = false
    try query(question, in: opening.schema, Parameters()) { answer in
      isThere = true
      try opening.take(answer)
    }
    if !isThere { try opening.take(nil) }
  }

  /// A statement that has failed may have ended the transaction, so that what came later would be kept alone.
  func end(keeping: Bool) throws {
    let failure = failure
    defer { settle() }
    switch work?.kind {
    case .look, .read:
      session.leave()
      if keeping, let failure { throw failure }
      return
    default: break
    }
    guard keeping, failure == nil else {
      session.rollBack()
      if keeping, let failure { throw failure }
      return
    }
    try session.commit()
  }

  private func prepare(_ work: Work, _ schema: String) throws {
    switch work {
    case .look, .read, .write: break
    case .make:
      try lock(schema, seconds: server.lockSeconds)
      guard try !isComplete(schema) else { throw StorageError(.conflict, "\(schema) is there already") }
    case .alter:
      try lock(schema, seconds: server.lockSeconds)
      try session.enter(schema)
    case .drop:
      // Who waits for the readers of a table keeps new ones out meanwhile.
      try lock(schema, seconds: 1)
      try session.send("SET lock_wait_timeout = 1")
    }
  }

  private func settle() {
    let ended = work
    (work, failure, loaded) = (nil, nil, 0)
    guard !session.isInterrupted else {
      return server.clearUp(behind: id, ended.flatMap { if case .make = $0.kind { $0.schema } else { nil } })
    }
    guard isLocking else { return }
    isLocking = false
    // A session that cannot do this says that it is of no further use.
    try? session.send("SET lock_wait_timeout = \(server.lockSeconds), @released = RELEASE_ALL_LOCKS()")
  }

  // MARK: Schemas

  /// To be alone in making, changing or dropping a schema, until the end of the transaction; the commits that DDL makes
  /// by itself do not end it.
  private func lock(_ schema: String, seconds: Int) throws {
    var isOurs = false
    try session.rows("SELECT GET_LOCK(?, \(seconds))", Parameters(schema)) { isOurs = $0.integer(0) == 1 }
    guard isOurs else { throw StorageError(.conflict, "another process is making or changing \(schema)") }
    isLocking = true
  }

  private func isComplete(_ schema: String) throws -> Bool {
    var isThere = false
    try session.rows(Self.mark, Parameters(schema)) { _ in isThere = true }
    return isThere
  }

  private static let mark = """
    SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = 'schema_version'
    """

  /// Drops a database that is no schema yet, unless somebody is making it.
  func removeUnfinished(_ schema: String, seconds: Int) throws {
    defer { settle() }
    do { try lock(schema, seconds: seconds) } catch let error as StorageError where error.code == .conflict { return }
    if try !isComplete(schema) { try session.send("DROP DATABASE IF EXISTS `\(schema)`") }
  }

  // MARK: Statements

  func define(_ statements: [String]) throws {
    try noting { for sql in statements { try session.send(sql) } }
  }

  func execute(_ sql: String, in schema: String, _ values: Parameters) throws {
    try noting { try session.run(sql, in: schema, values) }
  }

  func query(
    _ sql: String, in schema: String, _ values: Parameters, _ row: (inout ResultReader) throws -> Void
  ) throws {
    try noting {
      try session.rows(sql, in: schema, values) { result in
        var reader = ResultReader(result)
        try row(&reader)
      }
    }
  }

  /// As the rows arrive. What `body` throws is no failure of the transaction; the rest is read and thrown away then.
  func scan<R: Row>(_ table: TableSQL, in schema: String, _ body: (R) throws -> Void) throws {
    var stop: (any Error)?
    do {
      try session.rows(table.all, in: schema, Parameters()) { result in
        var reader = ResultReader(result)
        let row: R = try reader.row()
        do { try body(row) } catch {
          stop = error
          throw error
        }
      }
    } catch {
      if stop == nil { failure = failure ?? error }
      throw error
    }
  }

  /// Commits now and then: what fails is dropped as a whole, so nothing is gained by one transaction.
  func load<R: Row>(_ rows: ArraySlice<R>, _ table: TableSQL) throws {
    var values = RowArrays(table.kinds, rows: rows.count)
    for var row in rows { try row.columns(&values) }
    try noting {
      try session.run(table.insert, in: work?.schema ?? "", values)
      loaded += values.size
      guard loaded > Self.commitSize else { return }
      loaded = 0
      try session.commit()
    }
  }

  private func noting(_ body: () throws -> Void) throws {
    do { try body() } catch {
      failure = failure ?? error
      throw error
    }
  }
}
