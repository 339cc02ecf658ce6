import CMariaDB
import Foundation
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
  private var statements = StatementCache()
  /// How many bytes of values the server takes with a statement; it would end the connection over more.
  private var longestValues = Int.max
  /// False once nothing is known about the session any more.
  private var isSound = true
  /// How often it has waited for the server.
  private(set) var roundTrips = 0
  /// The database that unqualified names mean; nil where that has to be said anew.
  var database: String?

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
    var poll = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    return isSound && !isInterrupted && Foundation.poll(&poll, 1, 0) == 0
  }

  /// Ends the connection: whoever waits for the server gets an error at once.
  func interrupt() {
    hasBeenInterrupted.store(true, ordering: .releasing)
    shutdown(socket, Int32(SHUT_RDWR))
  }

  // MARK: Statements

  /// Runs a statement of our own words without parameters and without rows.
  func send(_ sql: String) throws {
    var text = sql
    let status = text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { mysql_real_query(handle, $0.baseAddress, UInt(bytes.count)) }
    }
    try check(status != 0)
  }

  func run(_ sql: String, _ values: Parameters) throws {
    try prepared(sql, size: values.size) { try $0.run(values) }
  }

  /// Runs a statement once for each of the rows.
  func run(_ sql: String, _ rows: RowArrays) throws {
    try prepared(sql, size: rows.size) { try $0.run(rows) }
  }

  /// Hands over each row of the answer as it arrives. Until the last one the session can do nothing else.
  func rows(_ sql: String, _ values: Parameters, _ row: (ResultRow) throws -> Void) throws {
    try prepared(sql, size: values.size) { try $0.rows(values, row) }
  }

  func enter(_ database: String) throws {
    guard self.database != database else { return }
    try check(mysql_select_db(handle, database) != 0)
    self.database = database
  }

  func commit() throws { try check(mysql_commit(handle) != 0) }

  /// A session that cannot even roll back is lost, and the server does it.
  func rollBack() {
    roundTrips += 1
    if mysql_rollback(handle) != 0 { isSound = false }
  }

  private func prepared(_ sql: String, size: Int, _ body: (PreparedStatement) throws -> Void) throws {
    guard size <= longestValues else {
      throw StorageError(.invalid, "MariaDB: \(size) bytes are more than the server's max_allowed_packet")
    }
    do {
      // Taken out while it is in use, and gone where it fails.
      let place = StatementCache.Place(database: database, sql: sql)
      let statement = try statements.take(place) ?? prepare(sql)
      roundTrips += 1
      try body(statement)
      statements.put(statement, place)
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
