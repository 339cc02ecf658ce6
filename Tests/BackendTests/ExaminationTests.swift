import Foundation
import SQLiteFile
import SyncCore
import Testing

@testable import MariaDBBackend
@testable import PostgresBackend
@testable import SQLBackend
@testable import SQLiteBackend

/// The engines that can be examined.
enum ExaminedEngine: String, CaseIterable, Sendable {
  case sqlite, postgres, mariadb

  static let chosen = allCases.filter { engine in
    (ProcessInfo.processInfo.environment["ENGINE"] ?? "memory,sqlite").split(separator: ",").contains {
      $0 == engine.rawValue
    }
  }

  func settings(_ folder: String) throws -> StorageSettings {
    let settings = StorageSettings(folder: "\(folder)/\(UUID().uuidString)", startPatience: 0)
    return switch self {
    case .sqlite: settings
    case .postgres: try Engines.postgres(settings)
    case .mariadb: try Engines.mariaDB(settings)
    }
  }

  func open(_ settings: StorageSettings, _ migrations: Migrations = .all) async throws -> any Examinable {
    switch self {
    case .sqlite:
      var plan = SchemaConnection.Plan()
      plan.migrations = migrations
      return try await SQLiteBackend(settings, plan)
    case .postgres: return try await ServerBackend(PostgresServer(settings), settings, migrations: migrations)
    case .mariadb: return try await ServerBackend(try MariaDBServer(settings), settings, migrations: migrations)
    }
  }

  /// Somebody else changes the schema.
  func execute(_ sql: String, in schema: Schema, _ settings: StorageSettings) throws {
    switch self {
    case .sqlite: try SQLiteConnection(path: SchemaFiles(settings.folder).path(schema), .readWrite).execute(sql)
    case .postgres: try execute(sql, schema, PostgresServer(settings))
    case .mariadb: try execute(sql, schema, try MariaDBServer(settings))
    }
  }

  private func execute(_ sql: String, _ schema: Schema, _ server: some DatabaseServer) throws {
    let connection = try server.connect()
    try connection.transaction(.alter, in: server.dialect.name(schema)) { try connection.define([sql]) }
  }

  func setVersion(_ version: Int, of schema: Schema, _ settings: StorageSettings) throws {
    let sql = self == .sqlite ? "PRAGMA user_version = \(version)" : "UPDATE schema_version SET version = \(version)"
    try execute(sql, in: schema, settings)
  }
}

@Suite("Examining an engine")
final class ExaminationTests: Sendable {
  private let schema = Schema.collection(user: 7, generation: 1)
  private let folder = NSTemporaryDirectory() + "examined-\(UUID().uuidString)"

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func findings(_ engine: ExaminedEngine, damage: (StorageSettings) throws -> Void) async throws -> [Finding] {
    let settings = try engine.settings(folder)
    let first = try await engine.open(settings)
    try await first.load(schema) { loader in
      try loader.append([Col()])
      for number in 1...2_000 { try loader.append([ConfigEntry(Text("entry \(number)"), "a value", usn: 1)]) }
    }
    await first.close()
    try damage(settings)
    let second = try await engine.open(settings)
    let findings = try await second.examine(schema, wholly: true)
    try await second.drop(schema)
    await second.close()
    return findings
  }

  @Test("an engine and a schema that are well have nothing to complain of", arguments: ExaminedEngine.chosen)
  func healthy(engine: ExaminedEngine) async throws {
    let found = try await findings(engine) { _ in }
    #expect(found == [])
    let backend = try await engine.open(try engine.settings(folder))
    let complaints = try await backend.examine { Int64(Date().timeIntervalSince1970 * 1000) }
      .filter { $0.grade != .ok }.map(\.message)
    await backend.close()
    // The server of the tests does not wait for the disk (scripts/databases).
    let expected = "innodb_flush_method = nosync: what was acknowledged can be lost with the power"
    #expect(complaints == (engine == .mariadb ? [expected] : []))
  }

  @Test("a schema of a newer server is told as that", arguments: ExaminedEngine.chosen)
  func newer(engine: ExaminedEngine) async throws {
    let found = try await findings(engine) { try engine.setVersion(99, of: schema, $0) }
    #expect(found.map(\.grade) == [.fail])
    #expect(found.first?.message == "a newer server has written it: version 99, known are 1")
  }

  @Test("an examination does not bring an older schema up to date", arguments: ExaminedEngine.chosen)
  func older(engine: ExaminedEngine) async throws {
    let settings = try engine.settings(folder)
    let old = try await engine.open(settings)
    try await old.create(.user(7))
    await old.close()
    let steps: Migrations.Step = { _ in ["CREATE TABLE IF NOT EXISTS later (id bigint NOT NULL)"] }
    let new = try await engine.open(settings, Migrations([.user: [steps]]))
    for _ in 1...2 {
      let found = try await new.examine(.user(7), wholly: true)
      #expect(found == [.ok("user 7", "version 1 of 2; it is brought up to date when it is used")])
    }
    _ = try await new.read(.user(7)) { try $0.count(User.self) }
    let after = try await new.examine(.user(7), wholly: true)
    #expect(after == [])
    try await new.drop(.user(7))
    await new.close()
  }

  @Test("a schema that is not there is found to be nothing", arguments: ExaminedEngine.chosen)
  func absent(engine: ExaminedEngine) async throws {
    let backend = try await engine.open(try engine.settings(folder))
    let found = try await backend.examine(schema, wholly: true)
    await backend.close()
    #expect(found == [])
  }

  @Test("a clock that is not ours is told", arguments: ServerKind.chosen, [Int64(-60_000), 60_000])
  func clock(kind: ServerKind, skew: Int64) async throws {
    let engine = try #require(ExaminedEngine(rawValue: kind.rawValue))
    let backend = try await engine.open(try engine.settings(folder))
    let found = try await backend.examine { Int64(Date().timeIntervalSince1970 * 1000) + skew }
    await backend.close()
    let side = skew < 0 ? "ahead of" : "behind"
    let clock = try #require(found.first { $0.subject == "clock" })
    #expect(clock.grade == .warn && clock.message.hasSuffix("s \(side) ours"))
  }

  @Test("a pool that is larger than the database allows is told", arguments: ServerKind.chosen)
  func pool(kind: ServerKind) async throws {
    let engine = try #require(ExaminedEngine(rawValue: kind.rawValue))
    var settings = try engine.settings(folder)
    settings.threads = 1_000
    let backend = try await engine.open(settings)
    let found = try await backend.examine { 0 }
    await backend.close()
    #expect(found.first { $0.subject == "connections" }?.grade == .warn)
  }

  @Test("tables that somebody has converted are told", arguments: ServerKind.chosen)
  func converted(kind: ServerKind) async throws {
    let engine = try #require(ExaminedEngine(rawValue: kind.rawValue))
    let sql =
      engine == .postgres
      ? "ALTER TABLE tags ALTER COLUMN tag TYPE text COLLATE pg_catalog.\"default\""
      : "ALTER TABLE tags CONVERT TO CHARACTER SET latin1"
    let found = try await findings(engine) { try engine.execute(sql, in: schema, $0) }
    #expect(found.map(\.grade) == [.fail])
    #expect(found.first?.message.hasSuffix(": tags") == true)
  }

  @Test("a file of SQLite's that is damaged is told when it is read wholly")
  func damaged() async throws {
    let found = try await findings(.sqlite) { settings in
      let path = SchemaFiles(settings.folder).path(schema)
      let file = try #require(FileHandle(forWritingAtPath: path))
      let size = try file.seekToEnd()
      for page in 4..<(size / 4096) {
        try file.seek(toOffset: page * 4096)
        try file.write(contentsOf: Data(repeating: 0x5A, count: 200))
      }
      try file.close()
    }
    #expect(found.map(\.grade) == [.fail])
    #expect(found.first?.message.contains("is damaged: ") == true)
  }

  @Test("a file of SQLite's in another journal mode is told")
  func journal() async throws {
    let found = try await findings(.sqlite) {
      try ExaminedEngine.sqlite.execute("PRAGMA journal_mode = DELETE", in: schema, $0)
    }
    #expect(found.map(\.grade) == [.warn])
    #expect(found.first?.message.contains("the journal mode is delete") == true)
  }
}
