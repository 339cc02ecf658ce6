import Foundation
import SQLBackend
import SyncCore
import Testing

@testable import MariaDBBackend

@Suite("MariaDB as a backend", .enabled(if: ServerKind.mariadb.isChosen))
struct MariaDBTests {
  private let schema = Schema.user(5)

  @Test("a session is as we want it, whatever the server is set to")
  func session() throws {
    let connection = try MariaDBScene(patience: 7).server.connect()
    let wanted = [
      "character_set_client": "utf8mb4", "character_set_connection": "utf8mb4", "character_set_results": "utf8mb4",
      "collation_connection": "utf8mb4_nopad_bin", "time_zone": "+00:00", "autocommit": "OFF",
      "sql_mode": "STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION",
      "innodb_lock_wait_timeout": "7", "lock_wait_timeout": "7",
    ]
    for (name, value) in wanted {
      var found: [String] = []
      try connection.query("SHOW SESSION VARIABLES LIKE '\(name)'", Parameters()) {
        found.append($0.result.text(1).string)
      }
      #expect(found == [value], "\(name)")
    }
  }

  @Test("an old schema is brought up to date when it is used, and keeps its rows")
  func upgrade() async throws {
    let scene = try MariaDBScene()
    var user = User()
    (user.generation, user.mediaUSN) = (4, 99)
    try await scene.withBackend { [user] backend in
      try await backend.create(schema)
      try await backend.write(schema, .acknowledged) { try $0.upsert([user]) }
    }
    let step: Migrations.Step = { _ in
      ["ALTER TABLE user_state ADD COLUMN IF NOT EXISTS extra bigint NOT NULL DEFAULT 7"]
    }
    // As a crash behind the step leaves it: done, and not noted.
    for migrations in [Migrations([.user: [step]]), Migrations([.user: [step, step]])] {
      let backend = try await ServerBackend(scene.server, scene.settings, migrations: migrations)
      let users = try await backend.read(schema) { try $0.fetch(User.self, .all) }
      await backend.close()
      #expect(users == [user])
      let version = try scene.texts("SELECT CAST(version AS CHAR) FROM schema_version", in: schema)
      #expect(version == ["\(migrations.newest(.user))"])
    }
    #expect(try scene.texts("SELECT CAST(extra AS CHAR) FROM user_state", in: schema) == ["7"])
    try await scene.withBackend { backend in
      let refused = await #expect(throws: StorageError.self) { try await backend.read(schema) { _ in } }
      #expect(refused?.code == .tooNew)
    }
  }

  @Test("a connection is encrypted as it is asked to be, and with whom it is asked to be", arguments: Self.securities)
  func security(mode: String, host: String, trusts: Bool, isAccepted: Bool) throws {
    var scene = try MariaDBScene()
    let folder = try #require(ProcessInfo.processInfo.environment["DJANKISERV_TEST_CERTIFICATES"])
    scene.settings.options["sslmode"] = mode
    scene.settings.options["host"] = host
    if trusts { scene.settings.options["sslrootcert"] = folder + "/ca.pem" }
    guard isAccepted else {
      let refused = #expect(throws: StorageError.self) { try scene.server.connect() }
      #expect(refused?.code == .invalid)
      return
    }
    let cipher = try scene.texts("SHOW SESSION STATUS LIKE 'Ssl_cipher'", column: 1)
    #expect((cipher == [""]) == (mode == "disable"))
  }

  /// The server's certificate is for "localhost", by an authority of its own.
  static let securities = [
    ("disable", "127.0.0.1", false, true), ("prefer", "127.0.0.1", false, true), ("require", "127.0.0.1", false, true),
    ("verify-ca", "127.0.0.1", true, true), ("verify-ca", "127.0.0.1", false, false),
    ("verify-full", "localhost", true, true), ("verify-full", "127.0.0.1", true, false),
    ("sometimes", "localhost", true, false),
  ]

  @Test("each of the server's errors has its meaning", arguments: meanings)
  func meaning(number: UInt32, reason: String, code: StorageError.Code) {
    #expect(StorageError(mariaDB: number, reason).code == code)
  }

  static let meanings: [(UInt32, String, StorageError.Code)] = [
    (1049, "", .notFound), (1146, "", .notFound), (1213, "", .conflict), (1205, "", .conflict), (1412, "", .conflict),
    (1021, "", .full), (1114, "", .full), (1030, "Got error 28 \"No space left on device\" from storage engine", .full),
    (3, "Error writing file './x' (Errcode: 28 \"No space left on device\")", .full),
    (1005, "Can't create table `a`.`b` (errno: 28 \"No space left on device\")", .full), (1062, "", .invalid),
    (1406, "", .invalid), (1153, "", .invalid), (1054, "", .corrupt), (1040, "", .unavailable),
    (2006, "", .unavailable),
    (2013, "", .unavailable), (1927, "", .unavailable), (1290, "", .unavailable), (1142, "", .unavailable),
  ]
}
