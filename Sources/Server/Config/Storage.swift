import SyncCore

/// The databases that a configuration names, opened, and nothing done to them.
struct Storage: Sendable {
  /// Holds `.accounts`.
  let main: any Backend
  /// Holds everything else; the same as `main` where the settings are the same.
  let users: any Backend
  private let isOneBackend: Bool

  init(main: any Backend, users: any Backend) { (self.main, self.users, isOneBackend) = (main, users, false) }

  /// Holds everything.
  init(_ backend: any Backend) { (main, users, isOneBackend) = (backend, backend, true) }

  static func open(_ configuration: Configuration) async throws -> Storage {
    let users = try await configuration.open(.userDB)
    if configuration.isOneDatabase { return Storage(users) }
    do {
      return Storage(main: try await configuration.open(.mainDB), users: users)
    } catch {
      await users.close()
      throw error
    }
  }

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
  func naming<T>(_ database: DatabaseSettings, _ body: () async throws -> T) async throws -> T {
    do { return try await body() } catch let error as StorageError {
      throw StorageError(error.code, "\(database.names): \(error.message)")
    }
  }
}
