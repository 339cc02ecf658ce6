import Dispatch
import SyncCore
import Testing

@Suite("Database servers when things go wrong", .serialized)
struct ServerFaultTests {
  private let schema = Schema.collection(user: 7, generation: 1)

  @Test("an idle connection that has died costs nobody an error", arguments: ServerKind.chosen, [1, 4])
  func idle(kind: ServerKind, threads: Int) async throws {
    let scene = try kind.scene(threads: threads)
    try await scene.withBackend { backend in
      try await backend.create(schema)
      for round in 1...3 {
        #expect(try scene.endSessions() > 0)
        try await backend.write(schema, .relaxed) { try $0.upsert([entry(round)]) }
        #expect(try scene.endSessions() > 0)
        let count = try await backend.read(schema) { try $0.count(ConfigEntry.self) }
        #expect(count == round)
      }
    }
  }

  @Test(
    "a session that is ended in the middle costs the request in flight, which leaves no trace",
    arguments: ServerKind.chosen)
  func inFlight(kind: ServerKind) async throws {
    let scene = try kind.scene(threads: 1)
    try await scene.withBackend { backend in
      try await backend.create(schema)
      try await backend.write(schema, .acknowledged) { try $0.upsert([entry(1)]) }
      let refused = await #expect(throws: StorageError.self) {
        try await backend.write(schema, .acknowledged) { rows in
          try rows.upsert([entry(2)])
          _ = try rows.count(ConfigEntry.self)
          _ = try scene.endSessions()
          try rows.upsert([entry(3)])
        }
      }
      #expect(refused?.code == .unavailable)
      let entries = try await backend.read(schema) { try $0.fetch(ConfigEntry.self, .all) }
      #expect(entries == [entry(1)])
    }
  }

  @Test("a server that crashes and comes back costs what was in flight", arguments: ServerKind.chosen)
  func crash(kind: ServerKind) async throws {
    let scene = try kind.scene(startPatience: 60)
    try await scene.withBackend { backend in
      try await backend.create(schema)
      try await backend.write(schema, .acknowledged) { try $0.upsert([entry(1)]) }
      let refused = await #expect(throws: StorageError.self) {
        try await backend.write(schema, .acknowledged) { rows in
          try rows.upsert([entry(2)])
          _ = try rows.count(ConfigEntry.self)
          try kind.restart()
        }
      }
      #expect(refused?.code == .unavailable)
      let entries = try await backend.read(schema) { try $0.fetch(ConfigEntry.self, .all) }
      #expect(entries == [entry(1)])
    }
  }

  @Test("a server that is not up yet is waited for", arguments: ServerKind.chosen)
  func start(kind: ServerKind) async throws {
    let scene = try kind.scene(startPatience: 60)
    let restarting = Task.detached {
      try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
        DispatchQueue.global().async { done.resume(with: Result { try kind.restart() }) }
      }
    }
    for _ in 1...20 {
      try await scene.withBackend { _ in }
      try await Task.sleep(for: .milliseconds(100))
    }
    try await restarting.value
  }

  @Test("nobody there is unavailable, a wrong password invalid at once", arguments: ServerKind.chosen)
  func unreachable(kind: ServerKind) async throws {
    let nobody = await refusal(try kind.scene(startPatience: 0), ["port": "1"])
    #expect(nobody?.code == .unavailable)
    let stranger = await refusal(try kind.scene(startPatience: 600), ["password": "wrong"])
    #expect(stranger?.code == .invalid)
    #expect(stranger?.message.contains("wrong") == false)
  }

  private func refusal(_ scene: any ServerScene, _ options: [String: String]) async -> StorageError? {
    var scene = scene
    scene.settings.options.merge(options) { $1 }
    do {
      await (try await scene.open()).close()
      return nil
    } catch {
      return error as? StorageError
    }
  }

  @Test("a lock that another process keeps is unavailable, and no longer than that", arguments: ServerKind.chosen)
  func otherProcess(kind: ServerKind) async throws {
    let scene = try kind.scene(patience: 1)
    try await scene.withBackend { backend in
      try await backend.create(schema)
      try await scene.locked(schema) {
        let refused = await #expect(throws: StorageError.self) {
          try await backend.write(schema, .acknowledged) { try $0.upsert([entry(1)]) }
        }
        #expect(refused?.code == .unavailable && refused?.message.hasPrefix("another process") == true)
        let count = try await backend.read(schema) { try $0.count(ConfigEntry.self) }
        #expect(count == 0)
      }
      try await backend.write(schema, .acknowledged) { try $0.upsert([entry(1)]) }
    }
  }

  @Test("a schema in use is dropped when the last reader has left it", arguments: ServerKind.chosen)
  func dropInUse(kind: ServerKind) async throws {
    try await kind.scene().withBackend { backend in
      try await backend.create(schema)
      let (began, begin) = AsyncStream.makeStream(of: Void.self)
      let mayEnd = DispatchSemaphore(value: 0)
      let reader = Task {
        try await backend.read(schema) { rows in
          let before = try rows.count(ConfigEntry.self)
          begin.finish()
          mayEnd.wait()
          return (before, try rows.count(Note.self))
        }
      }
      for await _ in began {}
      let drop = Task { try await backend.drop(schema) }
      // Long enough for the server to look for deadlocks.
      try await Task.sleep(for: .milliseconds(1_500))
      mayEnd.signal()
      let counts = try await reader.value
      #expect(counts == (0, 0))
      try await drop.value
      let left = try await backend.schemas()
      #expect(left == [])
    }
  }
}
