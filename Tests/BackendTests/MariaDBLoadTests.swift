import Dispatch
import Foundation
import SQLBackend
import SyncCore
import Testing

@testable import MariaDBBackend

@Suite("Making and filling databases of MariaDB", .enabled(if: ServerKind.mariadb.isChosen))
struct MariaDBLoadTests {
  private let schema = Schema.collection(user: 7, generation: 1)

  @Test("a load that fails or is cancelled leaves no database", arguments: [false, true])
  func failure(isCancelled: Bool) async throws {
    let scene = try MariaDBScene()
    try await scene.withBackend { backend in
      let (began, begin) = AsyncStream.makeStream(of: Void.self)
      let mayEnd = DispatchSemaphore(value: 0)
      let load = Task {
        try await backend.load(schema) { loader in
          try loader.append((1...1_000).map(entry))
          begin.finish()
          mayEnd.wait()
          try loader.append([entry(1)])
        }
      }
      for await _ in began {}
      #expect(try scene.databases() == [try scene.name(schema)])
      if isCancelled { load.cancel() }
      mayEnd.signal()
      await #expect(throws: (any Error).self) { try await load.value }
      #expect(try scene.databases() == [])
      try await backend.load(schema) { try $0.append([entry(1)]) }
    }
  }

  @Test("what a crash left of a load goes when an engine is opened, but not while one is loading")
  func leftovers() async throws {
    let scene = try MariaDBScene()
    try await scene.withBackend { backend in
      try await backend.create(.user(7))
      try await backend.load(schema) { loader in
        try loader.append([entry(1)])
        try scene.tidy()
        try loader.append([entry(2)])
      }
      let crashed = Schema.collection(user: 7, generation: 2)
      await #expect(throws: StorageError.self) {
        try await backend.load(crashed) { loader in
          try loader.append([entry(1)])
          _ = try scene.endSessions()
          try loader.append([entry(2)])
        }
      }
      let names = try [Schema.user(7), schema, crashed].map(scene.name)
      #expect(Set(try scene.databases()) == Set(names))
      try await scene.withBackend { other in
        let schemas = try await other.schemas()
        #expect(Set(schemas) == [.user(7), schema])
      }
      #expect(Set(try scene.databases()) == Set(names.dropLast()))
      let count = try await backend.read(schema) { try $0.count(ConfigEntry.self) }
      #expect(count == 2)
    }
  }

  @Test("a leftover does not keep a schema from being made, loaded or dropped")
  func madeAgain() async throws {
    let scene = try MariaDBScene()
    try await scene.withBackend { backend in
      let name = try scene.name(schema)
      let leave = {
        let connection = try scene.server.connect()
        try connection.define(["CREATE DATABASE `\(name)`", "CREATE TABLE `\(name)`.config (x int)"])
      }
      try leave()
      #expect(await missing { try await backend.read(schema) { _ in } })
      try await backend.load(schema) { try $0.append([entry(1)]) }
      try await backend.drop(schema)
      try leave()
      try await backend.create(schema)
      try await backend.write(schema, .relaxed) { try $0.upsert([entry(1)]) }
      try await backend.drop(schema)
      try leave()
      try await backend.drop(schema)
      #expect(try scene.databases() == [])
    }
  }

  @Test("two engines that make and change the same schema at once agree")
  func twoEngines() async throws {
    let scene = try MariaDBScene(threads: 2)
    try await scene.withBackend { first in
      try await scene.withBackend { second in
        for round in 1...5 {
          let schema = Schema.collection(user: 7, generation: Int64(round))
          try await withThrowingTaskGroup(of: Void.self) { group in
            for engine in [first, second] {
              group.addTask {
                try await engine.create(schema)
                for _ in 1...10 { try await count(up: engine, schema) }
              }
            }
            try await group.waitForAll()
          }
          let notes = try await second.read(schema) { try $0.fetch(Note.self, .all) }
          #expect(notes.map(\.usn) == [20])
        }
      }
    }
  }

  @Test("installations whose names begin alike do not see each other")
  func names() async throws {
    var (first, second) = (try MariaDBScene(), try MariaDBScene())
    second.settings.options["name"] = (first.settings.options["name"] ?? "") + "_1"
    let schemas: [Schema] = [.accounts, .user(1), .collection(user: 1, generation: 2)]
    try await first.withBackend { one in
      try await second.withBackend { two in
        for schema in schemas { try await one.create(schema) }
        try await two.create(.user(5))
        let listed = (Set(try await one.schemas()), Set(try await two.schemas()))
        #expect(listed == (Set(schemas), [.user(5)]))
        try first.tidy()
        #expect(try second.databases().count == 1)
      }
    }
    first.settings.options["name"] = "a`b"
    #expect(throws: StorageError.self) { try first.server }
  }

  @Test("a collection of many large rows is loaded and read in pieces that the server takes")
  func large() async throws {
    let scene = try MariaDBScene()
    try await scene.withBackend { backend in
      let notes = (1...20).map { number in
        var note = Note()
        note.id = Int64(number)
        note.flds = Text(String(repeating: "\(number % 10)", count: 1_000_000))
        return note
      }
      try await backend.load(schema) { try $0.append(notes) }
      try await backend.write(schema, .acknowledged) { try $0.upsert(notes) }
      let areSame = try await backend.read(schema) { rows in
        var read: [Note] = []
        try rows.scan(Note.self) { read.append($0) }
        return read == notes
      }
      #expect(areSame)
    }
  }

  @Test("a row that the server would not take is refused as invalid, and the connection lives on")
  func tooLarge() async throws {
    let scene = try MariaDBScene(threads: 1)
    try await scene.withBackend { backend in
      try await backend.create(schema)
      var note = Note()
      note.flds = Text(String(repeating: "x", count: 20 << 20))
      let refused = await #expect(throws: StorageError.self) {
        try await backend.write(schema, .acknowledged) { [note] in try $0.upsert([note]) }
      }
      #expect(refused?.code == .invalid)
      let count = try await backend.read(schema) { try $0.count(Note.self) }
      #expect(count == 0)
    }
  }

  private func count(up engine: any Backend, _ schema: Schema) async throws {
    try await engine.write(schema, .acknowledged) { rows in
      var note = try rows.first(Note.self, 1) ?? Note()
      (note.id, note.usn) = (1, note.usn + 1)
      try rows.upsert([note])
    }
  }
}

private func missing(_ work: () async throws -> Void) async -> Bool {
  do {
    try await work()
    return false
  } catch {
    return (error as? StorageError)?.code == .notFound
  }
}
