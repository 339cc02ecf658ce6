import CMariaDB
import Foundation
import SQLBackend
import SyncCore

extension MariaDBServer {
  /// Rows of a megabyte, with room for what else is in their statement.
  private static let smallestPacket = 4 << 20
  /// Of MariaDB: the first with `utf8mb4_nopad_bin`, DDL that a crash does not cut in two, and our SQL.
  private static let oldestVersion = (10, 6)

  func connect(_ handle: UnsafeMutablePointer<MYSQL>) throws {
    setOptions(handle)
    let isConnected =
      mysql_real_connect(handle, socket == nil ? host : nil, user, password, nil, port, socket, 0) != nil
    guard isConnected else {
      throw StorageError(connecting: mysql_errno(handle), String(cString: mysql_error(handle)))
    }
    // The client library goes on without encryption where the server has none, whatever it was asked for.
    guard socket != nil || !security.isDemanded || mysql_get_ssl_cipher(handle) != nil else {
      throw StorageError(.invalid, "MariaDB at \(host) has no TLS, and sslmode is \(security.rawValue)")
    }
    if socket == nil { noticeDeath(mysql_get_socket(handle)) }
  }

  /// Ends what a connection that was given up is still doing, and removes the schema that it was making. Where this
  /// fails the server ends it by itself when it next writes to that connection, and ``tidy(_:)`` removes what is left.
  func clearUp(behind connection: UInt, _ schema: String?) {
    guard let other = try? connect() else { return }
    try? other.define(["KILL \(connection)"])
    if let schema { try? other.removeUnfinished(schema, seconds: lockSeconds) }
  }

  /// One that is being made is locked, and stays.
  func tidy(_ connection: MariaDBConnection) throws {
    var names: [String] = []
    try connection.query(Self.databases, Parameters(name + "_", name + "_")) { answer in
      var name = Text()
      answer.text("name", &name)
      names.append(name.string)
    }
    for name in names where dialect.schema(name) != nil { try connection.removeUnfinished(name, seconds: 0) }
  }

  private static let databases = """
    SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE LEFT(SCHEMA_NAME, CHAR_LENGTH(?)) = ? \
    AND SCHEMA_NAME NOT IN (SELECT TABLE_SCHEMA FROM information_schema.TABLES WHERE TABLE_NAME = 'schema_version')
    """

  static func check(version: String, packet: Int) throws {
    let numbers = version.split(whereSeparator: { !$0.isNumber }).prefix(2).compactMap { Int($0) }
    guard version.contains("MariaDB"), numbers.count == 2, (numbers[0], numbers[1]) >= oldestVersion else {
      throw StorageError(.invalid, "MariaDB 10.6 or later is needed; this server is \(version)")
    }
    guard packet >= smallestPacket else {
      throw StorageError(
        .invalid, "MariaDB: max_allowed_packet is \(packet); at least \(smallestPacket) is needed (16M is usual)")
    }
  }

  /// What no server's configuration may decide. Without autocommit a transaction begins with its first statement, and
  /// sees the moment of its first read.
  var session: [String] {
    let variables = """
      SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO', \
      collation_connection = 'utf8mb4_nopad_bin', time_zone = '+00:00', autocommit = 0, \
      innodb_strict_mode = 1, innodb_lock_wait_timeout = \(lockSeconds), lock_wait_timeout = \(lockSeconds), \
      net_read_timeout = 600, net_write_timeout = 600, wait_timeout = 28800, max_statement_time = 0
      """
    return ["SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ", variables]
  }

  private func setOptions(_ handle: UnsafeMutablePointer<MYSQL>) {
    // A server must not be able to ask for files of ours.
    set(handle, MYSQL_OPT_LOCAL_INFILE, 0)
    set(handle, MYSQL_OPT_CONNECT_TIMEOUT, 10)
    // Longer than any lock is waited for; an index of a large collection takes minutes.
    set(handle, MYSQL_OPT_READ_TIMEOUT, 1_800)
    set(handle, MYSQL_OPT_WRITE_TIMEOUT, 120)
    // "localhost" would be a socket otherwise.
    set(handle, MYSQL_OPT_PROTOCOL, socket == nil ? MYSQL_PROTOCOL_TCP.rawValue : MYSQL_PROTOCOL_SOCKET.rawValue)
    mysql_options(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4")
    _ = cmariadb_add_attribute(handle, "program_name", "djankiserv")
    guard socket == nil, security != .disable else { return }
    mysql_ssl_set(handle, key, certificate, rootCertificate, nil, nil)
    var verifies: my_bool = security == .verifyFull ? 1 : 0
    mysql_options(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verifies)
  }

  /// A server that is gone without a word is noticed within a minute, so that nobody waits for it longer.
  private func noticeDeath(_ socket: Int32) {
    let habits = [
      (SOL_SOCKET, SO_KEEPALIVE, 1), (Int32(IPPROTO_TCP), TCP_KEEPIDLE, 30), (Int32(IPPROTO_TCP), TCP_KEEPINTVL, 10),
      (Int32(IPPROTO_TCP), TCP_KEEPCNT, 3), (Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, 60_000),
    ]
    for (level, option, value) in habits {
      var value = Int32(value)
      setsockopt(socket, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }
  }

  private func set(_ handle: UnsafeMutablePointer<MYSQL>, _ option: mysql_option, _ value: UInt32) {
    var value = value
    mysql_options(handle, option, &value)
  }
}
