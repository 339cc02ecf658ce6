import Foundation
import SyncCore
import Testing

/// The database servers that tests are run on; the names are those in `ENGINE`.
enum ServerKind: String, CaseIterable {
  case postgres, mariadb

  static let chosen = allCases.filter(\.isChosen)

  var isChosen: Bool {
    (ProcessInfo.processInfo.environment["ENGINE"] ?? "").split(separator: ",").contains { $0 == rawValue }
  }

  func scene(threads: Int = 4, patience: Double = 30, startPatience: Double = 0) throws -> any ServerScene {
    switch self {
    case .postgres: try PostgresScene(threads: threads, patience: patience, startPatience: startPatience)
    case .mariadb: try MariaDBScene(threads: threads, patience: patience, startPatience: startPatience)
    }
  }

  /// Ends the server as a crash would, and starts it again.
  func restart() throws {
    let variable = "DJANKISERV_TEST_\(rawValue.uppercased())_RESTART"
    guard let command = ProcessInfo.processInfo.environment[variable] else {
      throw StorageError(.invalid, "\(variable) is not set: run the tests in scripts/databases")
    }
    // Not Foundation's Process, which waits until the server ends too: it has inherited what that listens to.
    var process: pid_t = 0
    var arguments: [UnsafeMutablePointer<CChar>?] = [strdup(command), nil]
    defer { free(arguments[0]) }
    guard posix_spawn(&process, command, nil, nil, &arguments, environ) == 0 else {
      throw StorageError(.invalid, "cannot run \(command)")
    }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    #expect(status == 0)
  }
}

/// A place of its own in a database server of this run.
protocol ServerScene: Sendable {
  var settings: StorageSettings { get set }

  /// Finds the place: what the settings lack is the server's.
  init(_ settings: StorageSettings) throws

  func open() async throws -> any Backend

  /// Ends the sessions of this place's engines.
  /// - Returns: how many there were.
  func endSessions() throws -> Int

  /// Runs `body` while somebody else has the lock that a writer of the schema takes.
  func locked(_ schema: Schema, _ body: () async throws -> Void) async throws
}

extension ServerScene {
  init(threads: Int = 4, patience: Double = 30, startPatience: Double = 0) throws {
    try self.init(
      StorageSettings(
        folder: UUID().uuidString, threads: threads, patience: patience, queue: 100, startPatience: startPatience))
  }

  func withBackend<T>(_ body: (any Backend) async throws -> T) async throws -> T {
    try await closing(open(), body)
  }

  /// Hands over a backend, and closes it whatever happens.
  func closing<T>(_ backend: any Backend, _ body: (any Backend) async throws -> T) async throws -> T {
    do {
      let value = try await body(backend)
      await backend.close()
      return value
    } catch {
      await backend.close()
      throw error
    }
  }
}

func entry(_ number: Int) -> ConfigEntry { ConfigEntry(Text("entry \(number)"), "1", usn: Int64(number)) }
