import Foundation
import SQLBackend
import SyncCore
import Testing

@testable import MariaDBBackend

/// A place of its own in the MariaDB server of this run.
struct MariaDBScene: Sendable {
  static let isChosen = (ProcessInfo.processInfo.environment["ENGINE"] ?? "").split(separator: ",").contains("mariadb")

  var settings: StorageSettings

  init(threads: Int = 4, patience: Double = 30, startPatience: Double = 0) throws {
    settings = try Engines.mariaDB(
      StorageSettings(
        folder: UUID().uuidString, threads: threads, patience: patience, queue: 100, startPatience: startPatience))
  }

  var server: MariaDBServer { get throws { try MariaDBServer(settings) } }

  func name(_ schema: Schema) throws -> String { try server.dialect.name(schema) }

  func open() async throws -> any Backend { try await BackendFactory.mariaDB.open(settings) }

  func withBackend<T>(_ body: (any Backend) async throws -> T) async throws -> T {
    let backend = try await open()
    do {
      let value = try await body(backend)
      await backend.close()
      return value
    } catch {
      await backend.close()
      throw error
    }
  }

  /// A column of what a statement answers, asked by somebody else.
  func texts(_ sql: String, in schema: Schema? = nil, column: Int = 0) throws -> [String] {
    let connection = try server.connect()
    var found: [String] = []
    if let schema { try connection.begin(.read, in: name(schema), Opening()) }
    try connection.query(sql, Parameters()) { found.append($0.result.text(column).string) }
    try connection.end(keeping: true)
    return found
  }

  /// The databases of this place, complete or not.
  func databases() throws -> [String] {
    try texts(
      "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE '\(server.name)!_%' ESCAPE '!'")
  }

  /// What an engine does when it is opened.
  func tidy() throws { try server.tidy(try server.connect()) }

  /// Ends the sessions of this place's engines.
  /// - Returns: how many there were.
  func killSessions() throws -> Int {
    let connection = try server.connect()
    var sessions: [String] = []
    let ours = "DB LIKE '\(try server.name)!_%' ESCAPE '!' AND ID <> CONNECTION_ID()"
    try connection.query("SELECT CAST(ID AS CHAR) FROM information_schema.PROCESSLIST WHERE \(ours)", Parameters()) {
      sessions.append($0.result.text(0).string)
    }
    for session in sessions { try connection.define(["KILL \(session)"]) }
    return sessions.count
  }

  /// Ends the server as a crash would, and starts it again.
  static func restart() throws {
    guard let command = ProcessInfo.processInfo.environment["DJANKISERV_TEST_MARIADB_RESTART"] else {
      throw StorageError(.invalid, "DJANKISERV_TEST_MARIADB_RESTART is not set: run the tests in scripts/databases")
    }
    let process = Process()
    process.executableURL = URL(filePath: command)
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }
}

func entry(_ number: Int) -> ConfigEntry { ConfigEntry(Text("entry \(number)"), "1", usn: Int64(number)) }
