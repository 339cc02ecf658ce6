import SQLBackend
import SyncCore

/// Where the server is and who we are there, from the settings of an engine.
struct MariaDBServer: DatabaseServer {
  /// What is asked of an encrypted connection; the words are those of PostgreSQL.
  enum Security: String, Sendable {
    case disable, allow, prefer, require
    case verifyCA = "verify-ca"
    case verifyFull = "verify-full"

    /// Whether a connection without encryption is refused.
    var isDemanded: Bool { self == .require || self == .verifyCA || self == .verifyFull }
  }

  /// A host name or address; a path is that of a socket.
  var host = "127.0.0.1"
  var port: UInt32 = 3306
  var user = "djankiserv"
  var password = ""
  /// What the name of every database of this installation begins with.
  var name = "djankiserv"
  var security = Security.prefer
  /// Files: the certificates that we trust, and ours with its key.
  var rootCertificate: String?
  var certificate: String?
  var key: String?
  /// Seconds that a lock of another process is waited for.
  var lockSeconds = 20

  var route: ServerRoute { ServerRoute(host: host, security: security.rawValue) }
  var socket: String? { host.hasPrefix("/") ? host : nil }
  var dialect: ServerDialect { .mariaDB(prefix: name) }

  /// - Throws: `invalid`, naming the option that makes no sense.
  init(_ settings: StorageSettings) throws {
    let options = settings.options.filter { !$0.value.isEmpty }
    host = options["host"] ?? host
    user = options["user"] ?? user
    password = options["password"] ?? password
    name = options["name"] ?? name
    rootCertificate = options["sslrootcert"]
    certificate = options["sslcert"]
    key = options["sslkey"]
    lockSeconds = Int(min(max(settings.patience.rounded(.up), 1), 3_600))
    if let text = options["port"] { port = try Self.port(text) }
    if let text = options["sslmode"] { security = try Self.security(text) }
    try check()
  }

  func connect() throws -> MariaDBConnection { try MariaDBConnection(self) }

  private func check() throws {
    if security == .verifyCA || security == .verifyFull, rootCertificate == nil {
      throw StorageError(.invalid, "sslmode \(security.rawValue) needs sslrootcert, the file of certificates to trust")
    }
    // The server's limit is 64 characters; a word and two numbers of a generous size follow.
    guard name.wholeMatch(of: /[A-Za-z0-9_-]{1,30}/) != nil else {
      throw StorageError(
        .invalid, "the database name \"\(name)\" is not 1 to 30 letters, digits, hyphens and underscores")
    }
  }

  private static func port(_ text: String) throws -> UInt32 {
    guard let number = UInt16(text), number > 0 else {
      throw StorageError(.invalid, "port \"\(text)\" is not a number from 1 to 65535")
    }
    return UInt32(number)
  }

  private static func security(_ text: String) throws -> Security {
    guard let security = Security(rawValue: text.lowercased()) else {
      throw StorageError(
        .invalid, "sslmode \"\(text)\" is none of disable, allow, prefer, require, verify-ca, verify-full")
    }
    return security
  }
}
