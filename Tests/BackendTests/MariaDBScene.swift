import Foundation
import SyncCore
import Testing

@testable import MariaDBBackend
@testable import SQLBackend

/// A place of its own in the MariaDB server of this run.
struct MariaDBScene: ServerScene {
  var settings: StorageSettings

  init(_ settings: StorageSettings) throws { self.settings = try Engines.mariaDB(settings) }

  var server: MariaDBServer { get throws { try MariaDBServer(settings) } }

  func name(_ schema: Schema) throws -> String { try server.dialect.name(schema) }

  func open() async throws -> any Backend { try await BackendFactory.mariaDB.open(settings) }

  func locked(_ schema: Schema, _ body: () async throws -> Void) async throws {
    let other = try server.connect()
    let opening = Opening<ResultReader>(try name(schema), try server.dialect.questions([], isWriting: true))
    try other.begin(.write(.relaxed), in: name(schema), [opening])
    try await body()
    try other.end(keeping: false)
  }

  /// A column of what a statement answers, asked by somebody else.
  func texts(_ sql: String, in schema: Schema? = nil, column: Int = 0) throws -> [String] {
    let connection = try server.connect()
    var found: [String] = []
    if let schema { try connection.define(["USE `\(name(schema))`"]) }
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

  func endSessions() throws -> Int {
    let connection = try server.connect()
    var sessions: [String] = []
    let others = "USER = SUBSTRING_INDEX(CURRENT_USER(), '@', 1) AND ID <> CONNECTION_ID()"
    try connection.query("SELECT CAST(ID AS CHAR) FROM information_schema.PROCESSLIST WHERE \(others)", Parameters()) {
      sessions.append($0.result.text(0).string)
    }
    for session in sessions { try connection.define(["KILL \(session)"]) }
    return sessions.count
  }
}
