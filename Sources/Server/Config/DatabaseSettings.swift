import SyncCore

/// The settings of one of the two databases: users' data (`USERDB`) and accounts (`MAINDB`).
struct DatabaseSettings: Sendable {
  let engine: Setting
  /// The address in one text: what the other settings are unless they are set.
  let url: Setting
  /// Name, user, password, host, port and encryption, by the short names that an engine is told.
  let options: [(key: String, setting: Setting)]

  /// All of them, in a word.
  var names: String { engine.name.dropLast("ENGINE".count) + "*" }
  var all: [Setting] { [engine, url] + options.map(\.setting) }
}

extension DatabaseSettings {
  /// The users' collections and everything that belongs to them.
  static let userDB = DatabaseSettings(
    engine: Setting(
      "DJANKISERV_USERDB_ENGINE", .engine,
      .derived(words: "that of the URL, or `\(Backends.standard)`") { $0.url(userURL)?.engine ?? Backends.standard },
      "The engine that keeps users' cards."),
    url: userURL,
    options: parts.map { part in
      let words = part.standard.isEmpty ? "" : "`\(part.standard)`"
      let value = Setting.Default.derived(words: words) { configuration in
        configuration.url(userURL)?.options[part.key] ?? part.standard
      }
      return (part.key, part.setting("USERDB", value))
    })

  /// Accounts, passwords and devices: as `USERDB` unless set.
  static let mainDB = DatabaseSettings(
    engine: Setting("DJANKISERV_MAINDB_ENGINE", .engine, followingEngine, "The engine that keeps the accounts."),
    url: mainURL,
    options: zip(parts, userDB.options).map { part, followed in
      let value = Setting.Default.derived(words: "as \(followed.setting.name)") { configuration in
        guard let url = configuration.url(mainURL) else { return configuration.text(followed.setting) }
        return url.options[part.key] ?? part.standard
      }
      return (part.key, part.setting("MAINDB", value))
    })

  private static let userURL = address("USERDB", "")
  private static let mainURL = address("MAINDB", " Where it is set, nothing is taken from USERDB.")

  private static func address(_ database: String, _ more: String) -> Setting {
    Setting(
      "DJANKISERV_\(database)_URL", .databaseURL, "", secret: true,
      "The database's address, `postgresql://user:password@host:port/name?sslmode=verify-full`, in place of the "
        + "settings below: each that is set goes before its part of the address.\(more)")
  }

  // With the users' data in memory the accounts are still in a file, so that the command line can reach them.
  private static let followingEngine = Setting.Default.derived(
    words: "that of the URL, else as DJANKISERV_USERDB_ENGINE, but \(Backends.standard) where that is memory"
  ) { configuration in
    if let url = configuration.url(mainURL) { return url.engine }
    guard let followed = try? configuration.backend(userDB.engine), !followed.isWithinProcess else {
      return Backends.standard
    }
    return followed.name
  }

  private struct Part {
    let key: String
    var kind = Setting.Kind.text
    var standard = ""
    let help: String

    func setting(_ database: String, _ value: Setting.Default) -> Setting {
      Setting(
        "DJANKISERV_\(database)_\(key.uppercased())", kind, value, secret: key == "password", help)
    }
  }

  private static let parts = [
    Part(key: "name", standard: "djankiserv", help: "The database, for engines that are a server."),
    Part(key: "user", standard: "djankiserv", help: "Its user."),
    Part(key: "password", help: "The user's password."),
    Part(
      key: "host", standard: "127.0.0.1",
      help: "Where the server is: a name, an address, or its Unix socket (PostgreSQL: the folder of it)."),
    Part(key: "port", help: "Its port; empty for the usual one."),
    Part(
      key: "sslmode",
      help: "How the connection is encrypted: disable, allow, prefer, require, verify-ca or verify-full; empty for "
        + "the database library's own way. Only the last two know whom they talk to."),
    Part(key: "sslrootcert", help: "The file with the certificates that sign the server's."),
    Part(key: "sslcert", help: "The file with our own certificate, for servers that ask for one."),
    Part(key: "sslkey", help: "The file with its key."),
  ]
}

extension Configuration {
  /// The address that a setting holds; nil where it is not set.
  fileprivate func url(_ setting: Setting) -> DatabaseURL? {
    // Checked when the configuration was made.
    (try? DatabaseURL(text(setting))).flatMap { $0.named(in: backends) }
  }
}

extension DatabaseURL {
  /// With the engine's first name; nil where it is unknown.
  func named(in backends: [BackendFactory]) -> DatabaseURL? {
    guard let name = try? Backends.named(engine, in: backends).name else { return nil }
    return DatabaseURL(engine: name, options: options)
  }
}
