import Foundation
import SyncCore
import Testing

@testable import PostgresBackend
@testable import SQLBackend

@Suite("PostgreSQL as a backend", .enabled(if: ServerKind.postgres.isChosen))
struct PostgresTests {
  private let schema = Schema.collection(user: 7, generation: 1)

  @Test("the role of the tests may do nothing but what the documentation asks for")
  func leastPrivilege() throws {
    let rights = try PostgresScene().numbers(
      "SELECT (rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication)::int::bigint FROM pg_roles "
        + "WHERE rolname = current_user")
    #expect(rights == [0])
  }

  @Test("a pool of one connection serves everybody, one after the other")
  func onePool() async throws {
    let scene = try PostgresScene(threads: 1)
    try await scene.withBackend { backend in
      let schemas = (1...3).map { Schema.user(Int64($0)) }
      for schema in schemas { try await backend.create(schema) }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<60 {
          group.addTask {
            let schema = schemas[number % 3]
            try await backend.write(schema, number % 2 == 0 ? .relaxed : .acknowledged) { rows in
              var user = try rows.first(User.self, 1) ?? User()
              user.mediaUSN += 1
              try rows.upsert([user])
            }
            _ = try await backend.read(schema) { try $0.fetch(User.self, .all) }
          }
        }
        try await group.waitForAll()
      }
      for schema in schemas {
        let users = try await backend.read(schema) { try $0.fetch(User.self, .all) }
        #expect(users.map(\.mediaUSN) == [20])
      }
    }
  }

  @Test("two engines on one database, as two processes are, never interleave and make each schema once")
  func twoEngines() async throws {
    let scene = try PostgresScene()
    try await scene.withBackend { first in
      try await scene.withBackend { second in
        for number in 1...10 {
          let schema = Schema.user(Int64(number))
          try await withThrowingTaskGroup(of: Void.self) { group in
            for engine in [first, second] {
              group.addTask {
                try await engine.create(schema)
                for _ in 1...10 {
                  try await engine.write(schema, .relaxed) { rows in
                    var user = try rows.first(User.self, 1) ?? User()
                    user.mediaUSN += 1
                    try rows.upsert([user])
                  }
                }
              }
            }
            try await group.waitForAll()
          }
          let users = try await first.read(schema) { try $0.fetch(User.self, .all) }
          #expect(users.map(\.mediaUSN) == [20])
        }
      }
    }
  }

  @Test("of two engines that load one schema at once one is refused as conflict")
  func twoLoads() async throws {
    let scene = try PostgresScene()
    try await scene.withBackend { first in
      try await scene.withBackend { second in
        let outcomes = await withTaskGroup(of: StorageError.Code?.self) { group in
          for engine in [first, second] {
            group.addTask {
              do {
                try await engine.load(schema) { loader in
                  for number in 1...50 { try loader.append([review(number)]) }
                }
                return nil
              } catch { return (error as? StorageError)?.code }
            }
          }
          return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.contains(nil) && outcomes.contains(.conflict))
      }
    }
  }

  @Test("what a sync in progress has is unlogged, and nothing else is")
  func unlogged() async throws {
    let scene = try PostgresScene()
    try await scene.withBackend { backend in
      try await backend.create(schema)
      let unlogged = try scene.texts(
        """
        SELECT relname::text FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
        WHERE nspname = '\(scene.name(schema))' AND relkind = 'r' AND relpersistence = 'u' ORDER BY relname
        """)
      #expect(unlogged == ["session", "staged"])
    }
  }

  @Test("acknowledged commits wait for the disk, relaxed ones do not")
  func synchronous() async throws {
    let scene = try PostgresScene()
    let connection = try scene.server.connect()
    for (durability, wanted) in [(Durability.acknowledged, "on"), (.relaxed, "off"), (.acknowledged, "on")] {
      var found = Text()
      try connection.transaction(.write(durability), in: "none") {
        try connection.query("SHOW synchronous_commit", PostgresValues()) { try $0.text("", &found) }
      }
      #expect(found.string == wanted)
    }
  }

  @Test("a transaction waits for the server once for each question, and once for what it wrote")
  func roundTrips() throws {
    let scene = try PostgresScene()
    let connection = try scene.server.connect()
    try connection.transaction(.make, in: scene.name(schema)) {
      try connection.define(scene.server.dialect.create(scene.name(schema)) + scene.server.dialect.mark(1))
    }
    let ask = { try connection.query("SELECT 1::bigint", PostgresValues()) { _ in } }
    func cost(_ work: Work, _ body: () throws -> Void) throws -> Int {
      let before = connection.state.roundTrips
      var isReading = false
      if case .read = work { isReading = true }
      let opening = Opening<PostgresAnswer>(
        scene.name(schema), scene.server.dialect.questions([], isWriting: !isReading))
      try connection.transaction(work, in: scene.name(schema), [opening], body)
      return connection.state.roundTrips - before
    }
    #expect(try cost(.read) { try ask() } == 1)
    #expect(try cost(.read) { for _ in 1...3 { try ask() } } == 3)
    let write = { try connection.execute("SELECT 1", in: "", PostgresValues()) }
    #expect(
      try cost(.write(.relaxed)) {
        try ask()
        for _ in 1...9 { try write() }
      } == 2)
    #expect(try cost(.write(.acknowledged)) { try write() } == 2)
  }

  @Test("a connection keeps no more statements than it has room for, and those that it uses most lately")
  func statements() throws {
    let connection = try PostgresScene().server.connect()
    func kept() throws -> Int64 {
      var count: Int64 = 0
      try connection.transaction(.read, in: "none") {
        try connection.query("SELECT count(*) FROM pg_prepared_statements", PostgresValues()) {
          try $0.integer("count", &count)
        }
      }
      return count
    }
    for number in 1...Pipeline.mostPrepared + 50 {
      // Some fail.
      let sql = number % 7 == 0 ? "SELECT \(number) / 0" : "SELECT \(number)::bigint"
      _ = Result {
        try connection.transaction(.write(.relaxed), in: "none") {
          try connection.query(sql, PostgresValues()) { _ in }
        }
      }
    }
    // What the question itself needs comes on top.
    let room = Int64(Pipeline.mostPrepared - 10)...Int64(Pipeline.mostPrepared + 3)
    for _ in 1...2 { #expect(room.contains(try kept())) }
  }

  @Test("a statement that fits its table no longer fails once, and is prepared anew")
  func changed() async throws {
    let scene = try PostgresScene(threads: 1)
    try await scene.withBackend { backend in
      try await backend.create(schema)
      let read = { try await backend.read(schema) { try $0.fetch(ConfigEntry.self, .all) } }
      try await backend.write(schema, .relaxed) { try $0.upsert([entry(1)]) }
      #expect(try await read() == [entry(1)])
      let other = try scene.server.connect()
      try other.transaction(.alter, in: scene.name(schema)) {
        try other.define([#"ALTER TABLE config ALTER COLUMN value TYPE varchar COLLATE "C""#])
      }
      await #expect(throws: StorageError.self) { try await read() }
      #expect(try await read() == [entry(1)])
    }
  }

  @Test("what an abandoned transaction had asked is no answer to the next one")
  func abandoned() throws {
    let scene = try PostgresScene()
    let connection = try scene.server.connect()
    for (schema, version) in [(Schema.user(1), Int64(1)), (.user(2), 2)] {
      try connection.transaction(.make, in: scene.name(schema)) {
        try connection.define(scene.server.dialect.create(scene.name(schema)) + scene.server.dialect.mark(version))
      }
    }
    for wrong in ["SELECT 1::bigint", "SELECT 1 / 0", "SELECT nothing FROM nowhere"] {
      var found: [Int64] = []
      func opening(_ schema: Schema) -> Opening<PostgresAnswer> {
        Opening(scene.name(schema), scene.server.dialect.questions([], isWriting: true)) { answer in
          var version: Int64 = 0
          var answer = answer
          try answer?.integer("version", &version)
          found.append(version)
        }
      }
      try connection.begin(.write(.relaxed), in: scene.name(.user(1)), [opening(.user(1))])
      try connection.execute(wrong, in: "", PostgresValues())
      try connection.end(keeping: false)
      try connection.transaction(.write(.acknowledged), in: scene.name(.user(2)), [opening(.user(2))]) {
        try connection.execute("SELECT 1::bigint", in: "", PostgresValues())
      }
      #expect(found == [2])
    }
  }

  @Test("a transaction in which anything has failed is not kept, even where its body goes on")
  func failed() throws {
    let scene = try PostgresScene()
    let connection = try scene.server.connect()
    #expect(throws: StorageError.self) {
      try connection.transaction(.write(.acknowledged), in: "none") {
        _ = Result { try connection.query("SELECT 1 / 0", PostgresValues()) { _ in } }
      }
    }
    #expect(connection.state.isUsable)
  }

  @Test("a cancelled task stops the statement that is running")
  func cancellation() async throws {
    let connection = try PostgresScene().server.connect()
    let clock = ContinuousClock()
    let start = clock.now
    DispatchQueue.global().asyncAfter(deadline: .now() + 0.2) { connection.interrupt() }
    #expect(throws: StorageError.self) {
      try connection.query("SELECT pg_sleep(60)::text", PostgresValues()) { _ in }
    }
    #expect(clock.now - start < .seconds(20))
    #expect(!connection.state.isUsable)
  }

  @Test("nobody keeps a transaction open between requests")
  func idleness() async throws {
    let scene = try PostgresScene()
    try await scene.withBackend { backend in
      try await backend.create(schema)
      for _ in 1...5 {
        _ = try await backend.read(schema) { try $0.count(Review.self) }
        try await backend.write(schema, .relaxed) { try $0.upsert([review(1)]) }
        _ = try? await backend.write(schema, .relaxed) { _ in throw CancellationError() }
      }
      let open = try scene.numbers(
        """
        SELECT count(*) FROM pg_stat_activity WHERE application_name = '\(scene.settings.options["prefix"] ?? "")'
        AND pid <> pg_backend_pid() AND xact_start < now() - interval '1 second'
        """)
      #expect(open == [0])
    }
  }

  @Test("a connection is replaced when it is old")
  func age() async throws {
    var scene = try PostgresScene()
    scene.settings.connectionAge = 0
    try await scene.withBackend { backend in
      try await backend.create(schema)
      for _ in 1...5 { _ = try await backend.read(schema) { try $0.count(Review.self) } }
      #expect(try scene.endSessions() == 0)
    }
  }

  @Test(
    "a text that is too long for a key is refused as invalid, and names no row",
    arguments: [(2_600, true), (2_601, false)])
  func longKey(length: Int, fits: Bool) async throws {
    // Random letters: what compresses well would fit anyway.
    var generator = SystemRandomNumberGenerator()
    let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789")
    let name = Text(String((0..<length).map { _ in letters[Int.random(in: letters.indices, using: &generator)] }))
    try await PostgresScene().withBackend { backend in
      try await backend.create(schema)
      let write = { try await backend.write(schema, .relaxed) { try $0.upsert([ConfigEntry(name, "")]) } }
      if fits {
        try await write()
        try await backend.write(schema, .relaxed) {
          try $0.upsert([Staged(StagedKey(session: .max, kind: .max, object: name), [1])])
        }
      } else {
        let refused = await #expect(throws: StorageError.self) { try await write() }
        #expect(refused?.code == .invalid)
      }
      let found = try await backend.read(schema) { try $0.fetch(ConfigEntry.self, .keys([name, "b"])) }
      #expect(found.count == (fits ? 1 : 0))
    }
  }
}
