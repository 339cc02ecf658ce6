import SyncCore
import Testing

@testable import SQLBackend

@Suite("What connections to database servers keep from one transaction to the next")
struct ServerStatementTests {
  private let schema = Schema.collection(user: 7, generation: 1)

  @Test(
    "a schema that another process drops and makes anew is found by statements made for the old one",
    .timeLimit(.minutes(2)), arguments: ServerKind.chosen)
  func madeAnew(kind: ServerKind) async throws {
    let scene = try kind.scene(threads: 1)
    try await scene.withBackend { ours in
      try await scene.withBackend { theirs in
        try await ours.create(schema)
        for round in 1...3 {
          let entries = try await Self.fill(schema, ours, round)
          #expect(entries == [entry(round)])
          try await theirs.drop(schema)
          let refused = await #expect(throws: StorageError.self) { try await Self.fill(schema, ours, round) }
          #expect(refused?.code == .notFound)
          try await theirs.create(schema)
        }
        let left = try await ours.read(schema) { try $0.fetch(ConfigEntry.self, .all) }
        #expect(left.isEmpty)
      }
    }
  }

  /// Uses statements of several kinds.
  private static func fill(_ schema: Schema, _ backend: any Backend, _ round: Int) async throws -> [ConfigEntry] {
    try await backend.write(schema, .relaxed) { rows in
      #expect(try rows.first(Col.self, 1) == nil)
      try rows.upsert([entry(round), entry(0)])
      try rows.delete(ConfigEntry.self, [entry(0).name])
    }
    return try await backend.read(schema) { rows in
      #expect(try rows.count(ConfigEntry.self) == 1)
      return try rows.fetch(ConfigEntry.self, .keys([entry(round).name]))
    }
  }

  @Test("lists of keys have few lengths, and the keys that were asked for")
  func lengths() {
    let lists = Dialect.Many.lists((1...100).reversed())
    let filled = (0...100).map { Pieces.filled(Array(0..<$0)[...], lists) }
    #expect(Set(filled.map(\.count)).count == 14)
    #expect(filled.enumerated().allSatisfy { count, keys in Set(keys) == Set(0..<count) && keys.count <= 2 * count })
    #expect(Pieces.filled([1, 2, 3, 4, 5], .arrays) == [1, 2, 3, 4, 5])
  }

  @Test("one connection serves more schemas than it keeps statements for", arguments: ServerKind.chosen)
  func manySchemas(kind: ServerKind) async throws {
    let schemas = (1...5).map { Schema.collection(user: 7, generation: $0) }
    try await kind.scene(threads: 1).withBackend { backend in
      for schema in schemas { try await backend.create(schema) }
      for round in 1...2 {
        for (number, schema) in schemas.enumerated() {
          for type in Schema.Kind.collection.rows { try await Self.use(type, schema, backend) }
          try await backend.write(schema, .relaxed) { try $0.upsert([entry(10 * round + number)]) }
          let entries = try await backend.read(schema) { try $0.fetch(ConfigEntry.self, .all) }
          #expect(entries == [entry(10 * round + number)])
        }
      }
    }
  }

  /// Leaves no rows.
  private static func use<R: Row>(_ type: R.Type, _ schema: Schema, _ backend: any Backend) async throws {
    try await backend.write(schema, .relaxed) { rows in
      try rows.clear(type)
      try rows.upsert([R()])
      #expect(try rows.count(type) == 1)
      #expect(try rows.fetch(type, .all).count == 1)
      #expect(try rows.fetch(type, .page(after: nil, limit: 5)).count == 1)
      #expect(try rows.fetch(type, .keys([R().key])).count == 1)
      try rows.delete(type, [R().key])
    }
  }

  @Test("a read of two schemas hears the first out before it misses the second", arguments: ServerKind.chosen)
  func missing(kind: ServerKind) async throws {
    let scene = try kind.scene(threads: 1)
    let user = Schema.user(7)
    func read(_ backend: any Backend, failing: Bool = false) async throws -> Int {
      try await backend.read(
        user, { try $0.count(User.self) + (failing ? { throw SomeError() }() : 0) }, then: schema,
        { try $0.count(ConfigEntry.self) + $1 })
    }
    try await scene.withBackend { ours in
      try await scene.withBackend { theirs in
        for schema in [user, schema] { try await ours.create(schema) }
        #expect(try await read(ours) == 0)
        try await theirs.drop(schema)
        await #expect(throws: SomeError.self) { try await read(ours, failing: true) }
        let refused = await #expect(throws: StorageError.self) { try await read(ours) }
        #expect(refused?.code == .notFound)
        try await theirs.create(schema)
        #expect(try await read(ours) == 0)
      }
    }
  }

  @Test("a read of two schemas may ask for anything", arguments: ServerKind.chosen)
  func more(kind: ServerKind) async throws {
    let user = Schema.user(7)
    try await kind.scene(threads: 1).withBackend { backend in
      for schema in [user, schema] { try await backend.create(schema) }
      try await backend.write(user, .relaxed) { try $0.upsert([User()]) }
      try await backend.write(schema, .relaxed) { try $0.upsert([entry(3)]) }
      for _ in 1...2 {
        let found = try await backend.read(
          user, { try $0.user() }, then: schema,
          { rows, user in
            // What a body makes of an error is its own affair.
            ((try? rows.fetch(ConfigEntry.self, .all)) ?? [], user)
          })
        #expect(found.0 == [entry(3)] && found.1 == User())
      }
    }
  }

  private struct SomeError: Error {}
}

@Suite("The rows that transactions on database servers begin with")
struct ServerHeadTests {
  private let schema = Schema.collection(user: 7, generation: 1)

  @Test("a transaction sees its own writes of them", arguments: ServerKind.chosen)
  func ownWrites(kind: ServerKind) async throws {
    try await kind.scene(threads: 1).withBackend { backend in
      try await backend.create(schema)
      try await backend.write(schema, .relaxed) { rows in
        // Before anything is asked, too.
        try rows.upsert([Self.col(usn: 1)])
        #expect(try rows.col().usn == 1)
        try rows.upsert([Self.col(usn: 2)])
        #expect(try rows.col().usn == 2)
      }
      try await backend.write(schema, .relaxed) { rows in
        #expect(try rows.col().usn == 2)
        try rows.upsert([Self.col(usn: 3)])
        #expect(try rows.col().usn == 3)
        #expect(try rows.first(Session.self, 1) == nil)
        try rows.upsert([Session()])
        #expect(try rows.first(Session.self, 1) == Session())
      }
      try await backend.write(schema, .relaxed) { rows in
        #expect(try rows.first(Session.self, 1) == Session())
        try rows.delete(Session.self, [1])
        #expect(try rows.first(Session.self, 1) == nil)
        try rows.clear(Col.self)
        #expect(try rows.first(Col.self, 1) == nil)
      }
    }
  }

  @Test(
    "a write that replaces the row of a sealed collection before it asks anything is refused",
    arguments: ServerKind.chosen)
  func replacing(kind: ServerKind) async throws {
    try await kind.scene(threads: 1).withBackend { backend in
      try await backend.create(schema)
      var sealed = Self.col(usn: 1)
      sealed.successor = 2
      try await backend.write(schema, .relaxed) { [sealed] in try $0.upsert([sealed]) }
      let refused = await #expect(throws: StorageError.self) {
        try await backend.write(schema, .relaxed) { rows in
          try rows.upsert([Self.col(usn: 5)])
          #expect(try rows.col().usn == 5)
        }
      }
      #expect(refused?.code == .sealed(successor: 2))
      let found = try await backend.read(schema) { try $0.col() }
      #expect(found == sealed)
    }
  }

  @Test("other keys are not taken for theirs", arguments: ServerKind.chosen)
  func otherKeys(kind: ServerKind) async throws {
    try await kind.scene(threads: 1).withBackend { backend in
      try await backend.create(schema)
      var second = Self.col(usn: 22)
      second.id = 2
      try await backend.write(schema, .relaxed) { [second] in try $0.upsert([Self.col(usn: 11), second]) }
      let found = try await backend.read(schema) { rows in
        [[1], [2], [1, 2], []].map { keys in Result { try rows.fetch(Col.self, .keys(keys)).map(\.usn).sorted() } }
      }
      #expect(try found.map { try $0.get() } == [[11], [22], [11, 22], []])
    }
  }

  @Test("whoever has waited for another process's write begins with what that has left", arguments: ServerKind.chosen)
  func othersWrites(kind: ServerKind) async throws {
    let scene = try kind.scene()
    try await scene.withBackend { first in
      try await scene.withBackend { second in
        try await first.create(schema)
        try await first.write(schema, .relaxed) { try $0.upsert([Self.col(usn: 0)]) }
        try await withThrowingTaskGroup(of: Void.self) { group in
          for engine in [first, second] {
            group.addTask {
              for _ in 1...40 { try await engine.write(schema, .relaxed) { try Self.count($0) } }
            }
          }
          try await group.waitForAll()
        }
        let found = try await second.read(schema) { (try $0.col().usn, try $0.first(Session.self, 1)?.staged) }
        #expect(found == (80, 80))
      }
    }
  }

  /// One more in both rows; what is sealed in between is seen, too.
  private static func count(_ rows: any RowStore) throws {
    var (col, session) = (try rows.col(), try rows.first(Session.self, 1) ?? Session())
    #expect(col.usn == session.staged)
    col.usn += 1
    session.staged += 1
    try rows.upsert([col])
    try rows.upsert([session])
  }

  @Test(
    "a writer who has waited for the one who seals is refused", .timeLimit(.minutes(1)), arguments: ServerKind.chosen)
  func sealed(kind: ServerKind) async throws {
    let scene = try kind.scene()
    try await scene.withBackend { first in
      try await scene.withBackend { second in
        try await first.create(schema)
        try await first.write(schema, .relaxed) { try $0.upsert([Self.col(usn: 1)]) }
        // The second engine knows the schema, so that its next write is one transaction.
        _ = try await second.read(schema) { try $0.col() }
        let (began, begin) = AsyncStream.makeStream(of: Void.self)
        let sealing = Task {
          try await first.write(schema, .acknowledged) { rows in
            var col = try rows.col()
            col.successor = 2
            try rows.upsert([col])
            _ = try rows.col()
            begin.finish()
            // The other one waits for the lock meanwhile; where it does not yet, it is refused all the same.
            for _ in 1...200 { _ = try rows.count(Col.self) }
          }
        }
        for await _ in began {}
        let refused = await #expect(throws: StorageError.self) { try await second.write(schema, .relaxed) { _ in } }
        #expect(refused?.code == .sealed(successor: 2))
        try await sealing.value
      }
    }
  }

  private static func col(usn: Int64) -> Col {
    var col = Col()
    col.usn = usn
    return col
  }
}
