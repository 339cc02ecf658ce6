public import SyncCore

/// What an examination asks of a database server.
public struct ServerQuestions: Sendable {
  /// Answers rows of two texts, a name and a value. ``ServerFacts`` says which names every server has.
  public let facts: String
  /// Answers the names of the tables in the schema of that name, its one parameter, that are not as we make them.
  public let oddTables: String
  /// What is odd about them, and what to do.
  public let oddity: (message: String, advice: String)

  public init(facts: String, oddTables: String, oddity: (message: String, advice: String)) {
    (self.facts, self.oddTables, self.oddity) = (facts, oddTables, oddity)
  }
}

/// What a database server says about itself and our session, by name.
///
/// Every engine's has `version`, `clock` (milliseconds since 1970), `cipher` (empty without encryption) and
/// `connections` (how many we may have at once).
public struct ServerFacts: Sendable {
  private let values: [String: String]

  public init(_ values: [String: String]) { self.values = values }

  /// Empty where the server has no such thing.
  public subscript(_ name: String) -> String { values[name, default: ""] }
  /// Nil where it is no whole number.
  public func number(_ name: String) -> Int? { Int(self[name]) }
}

/// The way to a database server, for an examination.
public struct ServerRoute: Sendable {
  private let host: String
  private let verifies: Bool

  /// - Parameters:
  ///   - host: as the settings have it; empty or a path for a socket.
  ///   - security: the word of the settings (`sslmode`).
  public init(host: String, security: String) {
    (self.host, verifies) = (host, security == "verify-ca" || security == "verify-full")
  }

  /// Whether what is sent stays on this machine.
  private var isLocal: Bool {
    host.isEmpty || host.hasPrefix("/") || host.hasPrefix("127.") || host == "::1" || host == "localhost"
  }

  public func finding(_ facts: ServerFacts) -> Finding {
    let cipher = facts["cipher"]
    switch (cipher.isEmpty, isLocal) {
    case (true, true): return .ok("encryption", "none, and nothing leaves this machine")
    case (false, _) where isLocal || verifies: return .ok("encryption", cipher)
    case (true, false):
      return Finding(
        .warn, "encryption", "none on the way to \(host)", advice: "set sslmode to verify-full, with sslrootcert")
    case (false, _):
      return Finding(
        .warn, "encryption", "\(cipher), and whoever answers at \(host) is believed",
        advice: "set sslmode to verify-full, with sslrootcert")
    }
  }
}
