import Foundation
import SQLBackend
import SQLiteFile
import SyncCore
import Testing

@testable import SQLiteBackend

@Suite("Migrations")
struct MigrationTests {
  private let folder = FileManager.default.temporaryDirectory.path + "/migrations-\(UUID().uuidString)"
  private let schema = Schema.user(5)

  @Test("an old schema is brought up to date when it is opened, and keeps its rows")
  func upgrade() async throws {
    try await withOldSchema {
      let plan = Self.plan([{ _ in ["ALTER TABLE user_state ADD COLUMN extra INTEGER NOT NULL DEFAULT 7"] }])
      for _ in 1...2 {
        let users = try await open(plan) { try await $0.read(schema) { try $0.fetch(User.self, .all) } }
        #expect(users == [Self.user])
      }
      let found1 = try number("SELECT extra FROM user_state")
      #expect(found1 == 7)
      let found2 = try number("PRAGMA user_version")
      #expect(found2 == 2)
    }
  }

  @Test("several steps run in order, a new schema needs none")
  func order() async throws {
    try await withOldSchema {
      let plan = Self.plan([
        { _ in ["CREATE TABLE a (x)"] }, { _ in ["INSERT INTO a VALUES (3)", "ALTER TABLE a RENAME TO b"] },
      ])
      try await open(plan) { backend in
        try await backend.create(schema)
        try await backend.create(.user(6))
      }
      let found3 = try number("SELECT x FROM b")
      #expect(found3 == 3)
      let found4 = try number("PRAGMA user_version", .user(6))
      #expect(found4 == 3)
      let found5 = try number("SELECT count(*) FROM sqlite_schema WHERE name = 'b'", .user(6))
      #expect(found5 == 0)
    }
  }

  @Test("a step that fails leaves the schema as it was")
  func failure() async throws {
    try await withOldSchema {
      let plan = Self.plan([{ _ in ["CREATE TABLE a (x)", "INSERT INTO nowhere VALUES (1)"] }])
      await #expect(throws: StorageError.self) { try await open(plan) { try await $0.read(schema) { _ in } } }
      let found6 = try number("PRAGMA user_version")
      #expect(found6 == 1)
      let found7 = try number("SELECT count(*) FROM sqlite_schema WHERE name = 'a'")
      #expect(found7 == 0)
    }
  }

  @Test("versions that never were are corrupt, later ones too new")
  func versions() {
    let migrations = Migrations([.user: [{ _ in [] }]])
    #expect(throws: StorageError.self) { try migrations.steps(.user, from: 0) }
    #expect(throws: StorageError.self) { try migrations.steps(.user, from: 3) }
    #expect(throws: Never.self) { try migrations.steps(.user, from: 2) }
    #expect(migrations.newest(.user) == 2 && migrations.newest(.accounts) == 1)
  }

  private static var user: User {
    var user = User()
    (user.generation, user.mediaUSN) = (4, 99)
    return user
  }

  private static func plan(_ steps: [Migrations.Step]) -> SchemaConnection.Plan {
    var plan = SchemaConnection.Plan()
    plan.migrations = Migrations([.user: steps])
    return plan
  }

  private func withOldSchema(_ body: () async throws -> Void) async throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try await open(.init()) { backend in
      try await backend.create(schema)
      try await backend.write(schema, .acknowledged) { try $0.upsert([Self.user]) }
    }
    try await body()
  }

  private func open<T>(_ plan: SchemaConnection.Plan, _ body: (any Backend) async throws -> T) async throws -> T {
    let backend = try await SQLiteBackend(StorageSettings(folder: folder), plan)
    do {
      let value = try await body(backend)
      await backend.close()
      return value
    } catch {
      await backend.close()
      throw error
    }
  }

  private func number(_ sql: String, _ schema: Schema = .user(5)) throws -> Int64? {
    try SQLiteConnection(path: SchemaFiles(folder).path(schema), .readWrite).number(sql)
  }
}
