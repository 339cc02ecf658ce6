import Foundation
import SyncCore

/// Everything that a command touches besides its arguments.
struct Surroundings: Sendable {
  var environment: [String: String]
  var console: Console
  var operations: any Operations
  /// The engines that can be chosen.
  var backends = Backends.all
  /// What the machine may be called.
  var serverNames: @Sendable () -> [ServerName] = ServerName.ofThisMachine
  /// Milliseconds since 1970.
  var now: @Sendable () -> Int64
  /// That many bytes that nobody can guess.
  var random: @Sendable (Int) -> [UInt8]

  /// Those of this process.
  static func ofProcess(_ operations: any Operations, _ backends: [BackendFactory]) -> Surroundings {
    Surroundings(
      environment: ProcessInfo.processInfo.environment, console: .ofProcess, operations: operations,
      backends: backends, now: { Int64(Date().timeIntervalSince1970 * 1000) },
      random: { count in
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
      })
  }

  func configuration(_ overrides: [Setting: String] = [:]) throws -> Configuration {
    try Configuration(environment: environment, overrides: overrides, backends: backends)
  }

  /// Opens the storage for as long as `body` runs. A server may be running beside it.
  /// - Parameter needed: the databases that must be within reach.
  func withInstallation<T>(
    _ needed: [DatabaseSettings] = [.mainDB], _ body: (Installation) async throws -> T
  ) async throws -> T {
    let configuration = try configuration()
    for database in needed { try requireReach(of: database, configuration) }
    let installation = try await Installation.open(configuration, now: now, random: random)
    do {
      let value = try await body(installation)
      await installation.close()
      return value
    } catch {
      await installation.close()
      throw error
    }
  }

  private func requireReach(of database: DatabaseSettings, _ configuration: Configuration) throws {
    let engine = try configuration.backend(database.engine)
    guard engine.isWithinProcess else { return }
    throw ConfigurationError(
      "\(database.engine.name): this command cannot reach the \(engine.name) of the serving process; "
        + "choose another engine, such as \(Backends.standard)")
  }
}
