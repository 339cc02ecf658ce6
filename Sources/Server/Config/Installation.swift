import SyncCore

/// A configuration and the storage that it names, opened.
struct Installation: Sendable {
  let configuration: Configuration
  let accounts: Accounts
  private let storage: Storage

  /// Holds `.accounts`.
  var main: any Backend { storage.main }
  /// Holds everything else.
  var users: any Backend { storage.users }

  /// Opens the storage and brings the schema of the accounts up to date.
  /// - Throws: `conflict` where it is a copy that is not complete.
  static func open(
    _ configuration: Configuration, now: @escaping @Sendable () -> Int64,
    random: @escaping @Sendable (Int) -> [UInt8]
  ) async throws -> Installation {
    let storage = try await Storage.open(configuration)
    do {
      try await configuration.naming(.mainDB) { try await storage.main.create(.accounts) }
      guard try await storage.main.read(.accounts, { try $0.copyMark() }) == nil else {
        throw StorageError(
          .conflict, "a copy into this database was begun and is not complete; run `djankiserv storage copy` again")
      }
      return Installation(configuration, storage, now, random)
    } catch {
      await storage.close()
      throw error
    }
  }

  init(
    _ configuration: Configuration, _ storage: Storage, _ now: @escaping @Sendable () -> Int64,
    _ random: @escaping @Sendable (Int) -> [UInt8]
  ) {
    (self.configuration, self.storage) = (configuration, storage)
    accounts = Accounts(
      store: storage.main, users: storage.users, hasher: configuration.hasher, limits: configuration.loginLimits,
      now: now, random: random)
  }

  /// What a user owns besides the account.
  var userData: UserData { UserData(users: users, folder: configuration.text(.dataRoot)) }

  /// Shows collections to the owner of their database, where the engine does that.
  var views: (any CollectionViews)? { users as? any CollectionViews }

  func close() async { await storage.close() }
}

extension Configuration {
  fileprivate var hasher: PasswordHasher {
    PasswordHasher(threads: integer(.hashers), waiting: integer(.maxHashing))
  }

  fileprivate var loginLimits: LoginLimits {
    LoginLimits(
      perAccountAndAddress: Int64(integer(.failuresPerBoth)), perAccount: Int64(integer(.failuresPerAccount)),
      perAddress: Int64(integer(.failuresPerAddress)), window: Int64(integer(.loginWindow)) * 1000)
  }
}
