import SyncCore

/// A configuration and the storage that it names, opened.
struct Installation: Sendable {
  let configuration: Configuration
  /// Holds `.accounts`.
  let main: any Backend
  /// Holds everything else; the same as `main` where the settings are the same.
  let users: any Backend
  let accounts: Accounts
  private let isOneBackend: Bool

  /// Opens the storage and brings the schema of the accounts up to date.
  static func open(
    _ configuration: Configuration, now: @escaping @Sendable () -> Int64,
    random: @escaping @Sendable (Int) -> [UInt8]
  ) async throws -> Installation {
    let users = try await configuration.open(.userDB)
    let isOneBackend = configuration.isOneDatabase
    do {
      let main = isOneBackend ? users : try await configuration.open(.mainDB)
      try await configuration.naming(.mainDB) { try await main.create(.accounts) }
      return Installation(configuration, main: main, users: users, isOneBackend: isOneBackend, now, random)
    } catch {
      await users.close()
      throw error
    }
  }

  init(
    _ configuration: Configuration, main: any Backend, users: any Backend, isOneBackend: Bool,
    _ now: @escaping @Sendable () -> Int64, _ random: @escaping @Sendable (Int) -> [UInt8]
  ) {
    (self.configuration, self.main, self.users) = (configuration, main, users)
    self.isOneBackend = isOneBackend
    accounts = Accounts(
      store: main, users: users, hasher: configuration.hasher, limits: configuration.loginLimits, now: now,
      random: random)
  }

  /// What a user owns besides the account.
  var userData: UserData { UserData(users: users, folder: configuration.text(.dataRoot)) }

  func close() async {
    await users.close()
    if !isOneBackend { await main.close() }
  }
}

extension Configuration {
  /// Whether accounts and users' data are in the same place.
  var isOneDatabase: Bool { parts(.userDB) == parts(.mainDB) }

  /// What the settings come to, whether they are in an address or one by one.
  private func parts(_ database: DatabaseSettings) -> [String] {
    ([database.engine] + database.options.map(\.setting)).map(text)
  }

  /// - Parameter patience: how long a database that is not up yet is waited for, in seconds; nil for as long as is set.
  /// - Throws: what the engine says, behind the settings that it is about.
  func open(_ database: DatabaseSettings, patience: Int? = nil) async throws -> any Backend {
    var settings = StorageSettings(
      folder: text(.dataRoot), threads: integer(.poolSize), threadPatience: Double(integer(.poolWait)),
      patience: Double(integer(.userWait)), queue: integer(.maxWaiting),
      connectionAge: Double(integer(.poolAge)), startPatience: Double(patience ?? integer(.startWait)),
      options: Dictionary(uniqueKeysWithValues: database.options.map { ($0.key, text($0.setting)) }))
    settings.countRoundTrips = { StorageTrace.current?.add(roundTrips: $0) }
    return try await naming(database) { try await backend(database.engine).open(settings) }
  }

  /// Puts the settings that it is about before what a database refuses.
  fileprivate func naming<T>(_ database: DatabaseSettings, _ body: () async throws -> T) async throws -> T {
    do { return try await body() } catch let error as StorageError {
      throw StorageError(error.code, "\(database.names): \(error.message)")
    }
  }

  fileprivate var hasher: PasswordHasher {
    PasswordHasher(threads: integer(.hashers), waiting: integer(.maxHashing))
  }

  fileprivate var loginLimits: LoginLimits {
    LoginLimits(
      perAccountAndAddress: Int64(integer(.failuresPerBoth)), perAccount: Int64(integer(.failuresPerAccount)),
      perAddress: Int64(integer(.failuresPerAddress)), window: Int64(integer(.loginWindow)) * 1000)
  }
}
