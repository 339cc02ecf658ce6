import SyncCore

/// The settings of one of the two databases: users' data (`USERDB`) and accounts (`MAINDB`).
struct DatabaseSettings: Sendable {
  let engine: Setting
  /// Name, user, password, host and port, by the short names that an engine is told.
  let options: [(key: String, setting: Setting)]

  var all: [Setting] { [engine] + options.map(\.setting) }
}

extension DatabaseSettings {
  /// The users' collections and everything that belongs to them.
  static let userDB = DatabaseSettings(
    engine: Setting(
      "DJANKISERV_USERDB_ENGINE", .engine, .value(Backends.standard), "The engine that keeps users' cards."),
    options: parts.map { part in
      let value = Setting.Default.value(part.standard)
      return (part.key, part.setting("USERDB", value))
    })

  /// Accounts, passwords and devices: as `USERDB` unless set.
  static let mainDB = DatabaseSettings(
    engine: Setting("DJANKISERV_MAINDB_ENGINE", .engine, followingEngine, "The engine that keeps the accounts."),
    options: zip(parts, userDB.options).map { part, followed in
      let value = Setting.Default.derived(words: "as \(followed.setting.name)") { $0.text(followed.setting) }
      return (part.key, part.setting("MAINDB", value))
    })

  // With the users' data in memory the accounts are still in a file, so that the command line can reach them.
  private static let followingEngine = Setting.Default.derived(
    words: "as DJANKISERV_USERDB_ENGINE, but \(Backends.standard) where that is memory"
  ) { configuration in
    guard let followed = try? configuration.backend(userDB.engine), !followed.isWithinProcess else {
      return Backends.standard
    }
    return followed.name
  }

  private struct Part {
    let key: String
    let kind: Setting.Kind
    let standard: String
    let help: String

    func setting(_ database: String, _ value: Setting.Default) -> Setting {
      Setting(
        "DJANKISERV_\(database)_\(key.uppercased())", kind, value, secret: key == "password", help)
    }
  }

  private static let parts = [
    Part(key: "name", kind: .text, standard: "djankiserv", help: "The database, for engines that are a server."),
    Part(key: "user", kind: .text, standard: "djankiserv", help: "Its user."),
    Part(key: "password", kind: .text, standard: "", help: "The user's password."),
    Part(key: "host", kind: .text, standard: "127.0.0.1", help: "Where the server is."),
    Part(key: "port", kind: .text, standard: "", help: "Its port; empty for the usual one."),
  ]
}
