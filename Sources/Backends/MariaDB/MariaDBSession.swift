import CMariaDB
import Foundation
import SQLBackend
import SyncCore
import Synchronization

/// What is said to the server and answered by it, over one connection, in a session that we have set up ourselves
/// (``MariaDBServer/session``). Used by one thread at a time; ``interrupt()`` alone may come from anywhere.
final class MariaDBSession {
  /// Once for the process, before the first connection.
  private static let isLibraryReady = mysql_server_init(0, nil, nil) == 0

  private let handle: UnsafeMutablePointer<MYSQL>
  /// The socket once more, so that ``interrupt()`` never meets a number that the client library has given away.
  private let socket: Int32
  private let hasBeenInterrupted = Atomic(false)
  /// The server counts prepared statements for all its clients together, so there are not many.
  private var statements = StatementCache<PreparedStatement>(capacity: 128)
  /// How many bytes of values the server takes with a statement; it would end the connection over more.
  private var longestValues = Int.max
  /// False once nothing is known about the session any more.
  private var isSound = true
  /// Whether the server has still to say that it has ended a transaction.
  private var isEnding = false
  /// How often it has waited for the server.
  private(set) var roundTrips = 0

  /// - Throws: `unavailable` where the server cannot be reached, `invalid` where it refuses us or cannot be used as it
  ///   is set up.
  init(_ server: MariaDBServer) throws {
    guard Self.isLibraryReady, let handle = mysql_init(nil) else {
      throw StorageError(.unavailable, "MariaDB: the client library does not start")
    }
    do { try server.connect(handle) } catch {
      mysql_close(handle)
      throw error
    }
    (self.handle, socket) = (handle, fcntl(mysql_get_socket(handle), F_DUPFD_CLOEXEC, 0))
    for sql in server.session { try send(sql) }
    try rows("SELECT @@max_allowed_packet, @@version", Parameters()) { row in
      let packet = Int(row.integer(0))
      try MariaDBServer.check(version: row.text(1).string, packet: packet)
      longestValues = packet - 1_024
    }
  }

  deinit {
    statements.removeAll()
    mysql_close(handle)
    if socket >= 0 { close(socket) }
  }

  /// By what the server knows the session.
  var id: UInt { mysql_thread_id(handle) }

  var isInterrupted: Bool { hasBeenInterrupted.load(ordering: .acquiring) }

  /// A socket that has something to say although nobody has asked says that the server has ended the connection.
  var isUsable: Bool {
    guard isSound, !isInterrupted else { return false }
    if isEnding, hasArrived { try? awaitEnd() }
    return isSound && (isEnding || !hasArrived)
  }

  private var hasArrived: Bool {
    var poll = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    return Foundation.poll(&poll, 1, 0) != 0
  }

  /// Ends the connection: whoever waits for the server gets an error at once.
  func interrupt() {
    hasBeenInterrupted.store(true, ordering: .releasing)
    shutdown(socket, Int32(SHUT_RDWR))
  }

  // MARK: Statements

  /// Runs a statement of our own words without parameters and without rows.
  func send(_ sql: String) throws {
    try awaitEnd()
    var text = sql
    let status = text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { mysql_real_query(handle, $0.baseAddress, UInt(bytes.count)) }
    }
    try check(status != 0)
  }

  /// The tables of a prepared statement are those of `schema`.
  func run(_ sql: String, in schema: String = "", _ values: Parameters) throws {
    try prepared(sql, schema, size: values.size) { try $0.run(values) }
  }

  /// Runs a statement once for each of the rows.
  func run(_ sql: String, in schema: String, _ rows: RowArrays) throws {
    try prepared(sql, schema, size: rows.size) { try $0.run(rows) }
  }

  /// Hands over each row of the answer as it arrives. Until the last one the session can do nothing else.
  func rows(
    _ sql: String, in schema: String = "", _ values: Parameters, _ row: (ResultRow) throws -> Void
  ) throws {
    try prepared(sql, schema, size: values.size) { try $0.rows(values, row) }
  }

  /// Names of tables without a schema are those of this database from now on.
  func enter(_ database: String) throws {
    try awaitEnd()
    try check(mysql_select_db(handle, database) != 0)
  }

  func commit() throws {
    try awaitEnd()
    try check(mysql_commit(handle) != 0)
  }

  /// A session that cannot even roll back is lost, and the server does it.
  func rollBack() {
    do { try awaitEnd() } catch { return }
    roundTrips += 1
    if mysql_rollback(handle) != 0 { isSound = false }
  }

  /// Ends a transaction that has changed nothing. Nobody waits for that: it is through before the session's next
  /// statement.
  func leave() {
    guard isSound, !isEnding else { return }
    let end = "COMMIT"
    isEnding = mysql_send_query(handle, end, UInt(end.utf8.count)) == 0
    isSound = isEnding
  }

  private func awaitEnd() throws {
    guard isEnding else { return }
    isEnding = false
    guard mysql_read_query_result(handle) != 0 else { return }
    isSound = false
    throw StorageError(mariaDB: mysql_errno(handle), String(cString: mysql_error(handle)))
  }

  private func prepared(
    _ sql: String, _ schema: String, size: Int, _ body: (PreparedStatement) throws -> Void
  ) throws {
    try awaitEnd()
    guard size <= longestValues else {
      throw StorageError(.invalid, "MariaDB: \(size) bytes are more than the server's max_allowed_packet")
    }
    do {
      // Taken out while it is in use, and gone where it fails.
      let place = StatementCache<PreparedStatement>.Place(sql, in: schema)
      let statement = try statements.remove(place) ?? prepare(place.text)
      roundTrips += 1
      try body(statement)
      statements.put(statement, place)
      _ = statements.removeOldest()
    } catch { throw noted(error) }
  }

  private func prepare(_ sql: String) throws -> PreparedStatement {
    roundTrips += 1
    return try PreparedStatement(sql, on: handle)
  }

  private func check(_ hasFailed: Bool) throws {
    roundTrips += 1
    guard hasFailed else { return }
    throw noted(StorageError(mariaDB: mysql_errno(handle), String(cString: mysql_error(handle))))
  }

  private func noted(_ error: any Error) -> any Error {
    if (error as? StorageError)?.code == .unavailable { isSound = false }
    return error
  }
}
