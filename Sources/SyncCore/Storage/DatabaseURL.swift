import Foundation

/// The address of a database in one text: `postgresql://user:password@host:port/name?sslmode=verify-full`.
///
/// A part with special characters has them percent-encoded. A folder of a Unix socket is given as `?host=/run/…`.
public struct DatabaseURL: Sendable, Equatable {
  /// The name of the engine: the scheme.
  public let engine: String
  /// What ``StorageSettings/options`` call it; parts that are not there are left out.
  public let options: [String: String]

  /// What may stand behind the question mark, and the option that it means.
  private static let queries = [
    "host": "host", "port": "port", "dbname": "name", "user": "user", "password": "password", "sslmode": "sslmode",
    "sslrootcert": "sslrootcert", "sslcert": "sslcert", "sslkey": "sslkey",
  ]

  public init(engine: String, options: [String: String]) { (self.engine, self.options) = (engine, options) }

  /// - Throws: `invalid`, in words that do not quote the password.
  public init(_ text: String) throws {
    guard let parts = URLComponents(string: text), let scheme = parts.scheme, text.contains("://") else {
      throw StorageError(.invalid, "not an address like postgresql://user:password@host:port/name")
    }
    engine = scheme.lowercased()
    var options: [String: String] = [:]
    options["user"] = parts.user
    options["password"] = parts.password
    options["host"] = parts.host.map { $0.trimmingCharacters(in: CharacterSet(charactersIn: "[]")) }
    options["port"] = parts.port.map(String.init)
    options["name"] = String(parts.path.drop { $0 == "/" })
    for query in parts.queryItems ?? [] {
      guard let key = Self.queries[query.name] else {
        throw StorageError(.invalid, "unknown part \"\(query.name)\" of a database's address")
      }
      options[key] = query.value
    }
    self.options = options.filter { !$0.value.isEmpty }
  }
}
