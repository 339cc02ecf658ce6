import SQLBackend
import SyncCore
import Testing

@testable import PostgresBackend

@Suite("Migrations on PostgreSQL", .enabled(if: ServerKind.postgres.isChosen))
struct PostgresMigrationTests {
  private let schema = Schema.user(5)

  @Test("an old schema is brought up to date when it is first used, and keeps its rows")
  func upgrade() async throws {
    let scene = try await withOldSchema()
    let steps = Migrations([.user: [{ _ in ["ALTER TABLE user_state ADD COLUMN extra bigint NOT NULL DEFAULT 7"] }]])
    for _ in 1...2 {
      let users = try await scene.withBackend(steps) { try await $0.read(schema) { try $0.fetch(User.self, .all) } }
      #expect(users == [Self.user])
    }
    #expect(try scene.numbers("SELECT extra FROM user_state", in: schema) == [7])
    #expect(try scene.numbers("SELECT version FROM schema_version", in: schema) == [2])
  }

  @Test("several steps run in order, a new schema needs none")
  func order() async throws {
    let scene = try await withOldSchema()
    let steps = Migrations([
      .user: [
        { _ in ["CREATE TABLE a (x bigint)"] },
        { _ in ["INSERT INTO a VALUES (3)", "ALTER TABLE a RENAME TO b"] },
      ]
    ])
    try await scene.withBackend(steps) { backend in
      try await backend.create(schema)
      try await backend.create(.user(6))
    }
    #expect(try scene.numbers("SELECT x FROM b", in: schema) == [3])
    #expect(try scene.numbers("SELECT version FROM schema_version", in: .user(6)) == [3])
    #expect(throws: StorageError.self) { try scene.numbers("SELECT x FROM b", in: .user(6)) }
  }

  @Test("a step that fails leaves the schema as it was")
  func failure() async throws {
    let scene = try await withOldSchema()
    let steps = Migrations([.user: [{ _ in ["CREATE TABLE a (x bigint)", "INSERT INTO nowhere VALUES (1)"] }]])
    await #expect(throws: StorageError.self) {
      try await scene.withBackend(steps) { try await $0.read(schema) { _ in } }
    }
    #expect(try scene.numbers("SELECT version FROM schema_version", in: schema) == [1])
    #expect(throws: StorageError.self) { try scene.numbers("SELECT x FROM a", in: schema) }
    let users = try await scene.withBackend { try await $0.read(schema) { try $0.fetch(User.self, .all) } }
    #expect(users == [Self.user])
  }

  @Test("two servers that find an old schema at once bring it up to date once")
  func twice() async throws {
    let scene = try await withOldSchema()
    let steps = Migrations([.user: [{ _ in ["UPDATE user_state SET media_usn = media_usn + 1"] }]])
    try await scene.withBackend(steps) { first in
      try await scene.withBackend(steps) { second in
        async let one = first.read(schema) { try $0.fetch(User.self, .all) }
        async let other = second.read(schema) { try $0.fetch(User.self, .all) }
        let found = try await [one, other]
        #expect(found.allSatisfy { $0.map(\.mediaUSN) == [100] })
      }
    }
  }

  @Test("a server that runs on while a newer one changes the schema refuses it from then on")
  func runningOn() async throws {
    let scene = try await withOldSchema()
    try await scene.withBackend { old in
      _ = try await old.read(schema) { try $0.fetch(User.self, .all) }
      try await scene.withBackend(Migrations([.user: [{ _ in ["CREATE TABLE a (x bigint)"] }]])) {
        try await $0.create(schema)
      }
      let refused = await #expect(throws: StorageError.self) {
        try await old.write(schema, .acknowledged) { try $0.upsert([User()]) }
      }
      #expect(refused?.code == .tooNew)
    }
    #expect(try scene.numbers("SELECT media_usn FROM user_state", in: schema) == [99])
  }

  private static var user: User {
    var user = User()
    (user.generation, user.mediaUSN) = (4, 99)
    return user
  }

  private func withOldSchema() async throws -> PostgresScene {
    let scene = try PostgresScene()
    try await scene.withBackend { backend in
      try await backend.create(schema)
      try await backend.write(schema, .acknowledged) { try $0.upsert([Self.user]) }
    }
    return scene
  }
}
