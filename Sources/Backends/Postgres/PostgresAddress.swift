import SyncCore

/// Where the server is and who we are, as libpq wants to be told.
struct PostgresAddress: Sendable {
  /// What libpq calls our options.
  private static let keywords = [
    "host": "host", "port": "port", "name": "dbname", "user": "user", "password": "password", "sslmode": "sslmode",
    "sslrootcert": "sslrootcert", "sslcert": "sslcert", "sslkey": "sslkey", "prefix": "application_name",
  ]
  /// A peer that is gone without a word is noticed within a minute, so that nobody waits for it longer.
  private static let habits = [
    "client_encoding": "UTF8", "connect_timeout": "10", "keepalives_idle": "30",
    "keepalives_interval": "10", "keepalives_count": "3", "tcp_user_timeout": "60000",
  ]

  /// `keyword='value' …`
  let text: String

  /// - Parameter options: those of the settings, and the `prefix` of the schemas, by which the server's owner knows our
  ///   sessions; empty ones are left to libpq's own defaults.
  init(_ options: [String: String]) {
    let ours = options.compactMap { key, value in
      value.isEmpty ? nil : Self.keywords[key].map { ($0, value) }
    }
    text = (ours + Self.habits.map { ($0.key, $0.value) }).sorted { $0.0 < $1.0 }
      .map { "\($0)='\(Self.escaped($1))'" }.joined(separator: " ")
  }

  private static func escaped(_ value: String) -> String {
    String(value.flatMap { $0 == "'" || $0 == "\\" ? ["\\", $0] : [$0] })
  }
}
