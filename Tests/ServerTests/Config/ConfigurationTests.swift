import SyncCore
import Testing

@testable import Server

@Suite("Configuration")
struct ConfigurationTests {
  private func load(_ environment: [String: String], _ overrides: [Setting: String] = [:]) throws -> Configuration {
    try Configuration(
      environment: ["HOME": "/nowhere"].merging(environment) { $1 }, overrides: overrides, processors: 4)
  }

  @Test("nothing has to be set")
  func defaults() throws {
    let configuration = try load([:])
    #expect(configuration.text(.host) == "127.0.0.1")
    #expect(configuration.integer(.port) == 27701)
    #expect(configuration.text(DatabaseSettings.userDB.engine) == "sqlite")
    #expect(configuration.text(DatabaseSettings.mainDB.engine) == "sqlite")
    #expect(configuration.text(.dataRoot) == "/nowhere/.local/share/djankiserv")
    #expect(configuration.integer(.keepGenerations) == 3)
    #expect(configuration.integer(.keepDays) == 30)
    #expect(configuration.text(.logLevel) == "info")
    #expect(configuration.integer(.poolSize) == 10)
    #expect(configuration.integer(.hashers) == 3)
    #expect(configuration.find(.port).origin == .standard)
  }

  @Test("every default is one of the allowed values")
  func defaultsAreAllowed() throws {
    let configuration = try load([:])
    for setting in Options.all {
      let text = configuration.text(setting)
      #expect(setting.normal(text, Backends.all) == text, "\(setting.name)")
    }
  }

  @Test("every setting has a name of its own, and one sentence about it")
  func declarations() {
    let names = Options.all.flatMap { [$0.name] + $0.aliases }
    #expect(Set(names).count == names.count)
    for setting in Options.all {
      #expect(setting.name.hasPrefix("DJANKISERV_"))
      #expect(setting.help.hasSuffix(".") && !setting.help.contains("|"))
    }
  }

  @Test(
    "every name of the older servers is a setting",
    arguments: [
      "MAINDB_ENGINE", "MAINDB_NAME", "MAINDB_USER", "MAINDB_PASSWORD", "MAINDB_HOST", "MAINDB_PORT", "USERDB_ENGINE",
      "USERDB_NAME", "USERDB_USER", "USERDB_PASSWORD", "USERDB_HOST", "USERDB_PORT", "DATA_ROOT", "DEBUG", "SECRET_KEY",
      "ALLOWED_HOSTS", "LISTEN_ADDRESS", "LISTEN_PORT", "GUNICORN_TIMEOUT", "GUNICORN_WORKERS", "MAX_UPLOAD_MB",
    ])
  func olderNames(name: String) {
    #expect(!Options.isUnknown("DJANKISERV_" + name))
  }

  @Test("an older name sets the same as the new one, which goes before it")
  func alias() throws {
    #expect(try load(["DJANKISERV_GUNICORN_TIMEOUT": "120"]).integer(.requestTime) == 120)
    let both = try load(["DJANKISERV_GUNICORN_TIMEOUT": "120", "DJANKISERV_REQUEST_SECONDS": "60"])
    #expect(both.integer(.requestTime) == 60)
  }

  @Test(
    "the older servers' engines are ours",
    arguments: [
      ("sqlite", "sqlite"), ("SQLite", "sqlite"), ("memory", "memory"), ("django.db.backends.sqlite3", "sqlite"),
      ("postgresql", "postgres"), ("django.db.backends.postgresql", "postgres"),
    ])
  func engines(given: String, engine: String) throws {
    #expect(try load(["DJANKISERV_USERDB_ENGINE": given]).text(DatabaseSettings.userDB.engine) == engine)
  }

  @Test("the accounts follow the users' data unless set, but not into memory")
  func mainFollows() throws {
    let main = DatabaseSettings.mainDB
    let followed = try load(["DJANKISERV_USERDB_HOST": "db", "DJANKISERV_USERDB_PASSWORD": "p"])
    func parts(_ configuration: Configuration) -> [String] {
      main.options.prefix(5).map { configuration.text($0.setting) }
    }
    #expect(parts(followed) == ["djankiserv", "djankiserv", "p", "db", ""])
    let apart = try load(["DJANKISERV_USERDB_HOST": "db", "DJANKISERV_MAINDB_HOST": "other"])
    #expect(parts(apart) == ["djankiserv", "djankiserv", "", "other", ""])
    #expect(try load(["DJANKISERV_USERDB_ENGINE": "memory"]).text(main.engine) == "sqlite")
    let asked = try load(["DJANKISERV_USERDB_ENGINE": "memory", "DJANKISERV_MAINDB_ENGINE": "memory"])
    #expect(asked.text(main.engine) == "memory")
  }

  @Test("an engine from outside can be chosen, named in errors, and followed by the accounts")
  func engineFromOutside() throws {
    let backends = Backends.all + [BackendFactory(name: "custom") { _ in throw StorageError(.unavailable, "") }]
    let chosen = try Configuration(environment: ["DJANKISERV_USERDB_ENGINE": "Custom"], backends: backends)
    #expect(try chosen.backend(DatabaseSettings.userDB.engine).name == "custom")
    #expect(chosen.text(DatabaseSettings.mainDB.engine) == "custom")
    let error = #expect(throws: ConfigurationError.self) {
      try Configuration(environment: ["DJANKISERV_USERDB_ENGINE": "oracle"], backends: backends)
    }
    #expect(error?.message.hasSuffix("\(Self.known), custom") == true)
  }

  static let known = Backends.all.map(\.name).joined(separator: ", ")

  @Test(
    "a wrong value is one line with the name, the value and what is allowed",
    arguments: [
      (
        "DJANKISERV_LISTEN_PORT", "70000",
        "DJANKISERV_LISTEN_PORT: \"70000\" is not allowed; allowed: a whole number from 0 to 65535"
      ),
      ("DJANKISERV_DEBUG", "maybe", "DJANKISERV_DEBUG: \"maybe\" is not allowed; allowed: true or false"),
      (
        "DJANKISERV_USERDB_ENGINE", "oracle",
        "DJANKISERV_USERDB_ENGINE: \"oracle\" is not allowed; allowed: \(Self.known)"
      ),
      (
        "DJANKISERV_SECRET_KEY", "a_very_secretive_key",
        "DJANKISERV_SECRET_KEY: this value is not allowed; allowed: any text but the published example"
      ),
      (
        "DJANKISERV_LOG_LEVEL", "loud",
        "DJANKISERV_LOG_LEVEL: \"loud\" is not allowed; allowed: trace, debug, info, notice, warning, error, critical"
      ),
    ])
  func wrong(name: String, value: String, message: String) {
    #expect(throws: ConfigurationError(message)) { try load([name: value]) }
  }

  @Test(
    "a flag may be written in any of the usual ways",
    arguments: [
      ("True", true), ("1", true), ("yes", true), ("on", true), ("False", false), ("0", false), ("no", false),
      ("", false),
    ])
  func flags(text: String, value: Bool) throws {
    let configuration = try load(["DJANKISERV_DEBUG": text])
    #expect(configuration.flag(.debug) == value)
    #expect(configuration.text(.logLevel) == (value ? "debug" : "info"))
  }

  @Test(
    "folders are those of XDG, and without a home those of a service",
    arguments: [
      (["HOME": "/home/a"], "/home/a/.local/share/djankiserv", "/home/a/.config/djankiserv"),
      (["HOME": "/home/a", "XDG_DATA_HOME": "/d", "XDG_CONFIG_HOME": "/c"], "/d/djankiserv", "/c/djankiserv"),
      (["HOME": "/home/a", "XDG_DATA_HOME": "d"], "/home/a/.local/share/djankiserv", "/home/a/.config/djankiserv"),
      ([:], "/var/lib/djankiserv", "/etc/djankiserv"),
    ])
  func folders(environment: [String: String], data: String, configuration: String) {
    let folders = Folders(environment)
    #expect(folders.data == data)
    #expect(folders.configuration == configuration)
  }

  @Test("what looks like a setting and is none is named")
  func unknown() throws {
    let configuration = try load(["DJANKISERV_LISTEN_PROT": "1", "DJANKISERV_MAINDB_PASSWORD_FILE": "", "PATH": "/"])
    #expect(configuration.unknown == ["DJANKISERV_LISTEN_PROT"])
  }
}
