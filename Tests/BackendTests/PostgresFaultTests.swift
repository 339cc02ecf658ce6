import SyncCore
import Testing

@testable import PostgresBackend
@testable import SQLBackend

@Suite("PostgreSQL when things go wrong", .enabled(if: ServerKind.postgres.isChosen), .serialized)
struct PostgresFaultTests {
  private let schema = Schema.collection(user: 7, generation: 1)

  @Test("a crash of the server costs the sessions of syncs")
  func crash() async throws {
    try await PostgresScene(startPatience: 60).withBackend { backend in
      try await backend.create(schema)
      let staged = Staged(StagedKey(session: 1, kind: 0, object: "a"), [1])
      try await backend.write(schema, .relaxed) { try $0.upsert([staged]) }
      try ServerKind.postgres.restart()
      let left = try await backend.read(schema) { try $0.count(Staged.self) }
      #expect(left == 0)
    }
  }

  @Test("each of the server's errors has its meaning", arguments: meanings)
  func meaning(state: String, code: StorageError.Code) throws {
    let connection = try PostgresScene().server.connect()
    let error = #expect(throws: StorageError.self) {
      try connection.transaction(.write(.relaxed), in: "none") {
        try connection.define(["DO $$ BEGIN RAISE EXCEPTION 'because' USING ERRCODE = '\(state)'; END $$"])
      }
    }
    #expect(error?.code == code)
    #expect(error?.message.hasPrefix("PostgreSQL: because (\(state))") == true)
    #expect(connection.state.isUsable)
  }

  static let meanings: [(String, StorageError.Code)] = [
    ("42P01", .notFound), ("3F000", .notFound), ("42P06", .conflict), ("55P03", .conflict), ("40001", .conflict),
    ("40P01", .conflict), ("53100", .full), ("53300", .unavailable), ("57P01", .unavailable), ("57014", .unavailable),
    ("08006", .unavailable), ("42501", .unavailable), ("25006", .unavailable), ("22021", .invalid), ("23505", .invalid),
    ("54000", .invalid), ("42703", .corrupt), ("XX001", .corrupt), ("P0001", .unavailable),
  ]
}
