import Dispatch
import Foundation
import SQLBackend
import SyncCore
import Testing

@testable import MariaDBBackend

@Suite("MariaDB when things go wrong", .enabled(if: MariaDBScene.isChosen), .serialized)
struct MariaDBFaultTests {
  private let schema = Schema.collection(user: 7, generation: 1)

  @Test("an idle connection that has died costs nobody an error", arguments: [1, 4])
  func idle(threads: Int) async throws {
    let scene = try MariaDBScene(threads: threads)
    try await scene.withBackend { backend in
      try await backend.create(schema)
      for round in 1...3 {
        #expect(try scene.killSessions() > 0)
        try await backend.write(schema, .relaxed) { try $0.upsert([entry(round)]) }
        #expect(try scene.killSessions() > 0)
        let count = try await backend.read(schema) { try $0.count(ConfigEntry.self) }
        #expect(count == round)
      }
    }
  }

  @Test("a session that is ended in the middle costs the request in flight, which leaves no trace")
  func inFlight() async throws {
    let scene = try MariaDBScene(threads: 1)
    try await scene.withBackend { backend in
      try await backend.create(schema)
      try await backend.write(schema, .acknowledged) { try $0.upsert([entry(1)]) }
      let refused = await #expect(throws: StorageError.self) {
        try await backend.write(schema, .acknowledged) { rows in
          try rows.upsert([entry(2)])
          _ = try scene.killSessions()
          try rows.upsert([entry(3)])
        }
      }
      #expect(refused?.code == .unavailable)
      let entries = try await backend.read(schema) { try $0.fetch(ConfigEntry.self, .all) }
      #expect(entries == [entry(1)])
    }
  }

  @Test("a server that crashes and comes back costs what was in flight")
  func restart() async throws {
    let scene = try MariaDBScene(startPatience: 60)
    try await scene.withBackend { backend in
      try await backend.create(schema)
      try await backend.write(schema, .acknowledged) { try $0.upsert([entry(1)]) }
      let refused = await #expect(throws: StorageError.self) {
        try await backend.write(schema, .acknowledged) { rows in
          try rows.upsert([entry(2)])
          try MariaDBScene.restart()
        }
      }
      #expect(refused?.code == .unavailable)
      let entries = try await backend.read(schema) { try $0.fetch(ConfigEntry.self, .all) }
      #expect(entries == [entry(1)])
    }
  }

  @Test("a server that is not up yet is waited for")
  func start() async throws {
    let scene = try MariaDBScene(startPatience: 60)
    let restarting = Task.detached {
      try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
        DispatchQueue.global().async { done.resume(with: Result { try MariaDBScene.restart() }) }
      }
    }
    for _ in 1...20 {
      await (try await scene.open()).close()
      try await Task.sleep(for: .milliseconds(100))
    }
    try await restarting.value
  }

  @Test("nobody there is unavailable, a wrong password invalid at once")
  func unreachable() async throws {
    var scene = try MariaDBScene(startPatience: 0)
    scene.settings.options["port"] = "1"
    let nobody = await #expect(throws: StorageError.self) { try await scene.withBackend { _ in } }
    #expect(nobody?.code == .unavailable)
    scene = try MariaDBScene(startPatience: 600)
    scene.settings.options["password"] = "wrong"
    let stranger = await #expect(throws: StorageError.self) { try await scene.withBackend { _ in } }
    #expect(stranger?.code == .invalid)
    #expect(stranger?.message.contains("wrong") == false)
  }

  @Test("a lock that another process keeps is unavailable, and no longer than that")
  func otherProcess() async throws {
    let scene = try MariaDBScene(patience: 1)
    try await scene.withBackend { backend in
      try await backend.create(schema)
      let other = try scene.server.connect()
      try other.begin(
        .write(.relaxed), in: try scene.name(schema), Opening(try scene.server.dialect.questions(.collection, true)))
      let refused = await #expect(throws: StorageError.self) {
        try await backend.write(schema, .acknowledged) { try $0.upsert([entry(1)]) }
      }
      #expect(refused?.code == .unavailable && refused?.message.hasPrefix("another process") == true)
      let count = try await backend.read(schema) { try $0.count(ConfigEntry.self) }
      #expect(count == 0)
      try other.end(keeping: false)
      try await backend.write(schema, .acknowledged) { try $0.upsert([entry(1)]) }
    }
  }

  @Test("a write that is refused at its beginning keeps no lock")
  func refusedAtOnce() async throws {
    let scene = try MariaDBScene(patience: 1)
    try await scene.withBackend { backend in
      try await backend.create(schema)
      var col = Col()
      col.successor = 2
      try await backend.write(schema, .acknowledged) { [col] in try $0.upsert([col]) }
      await #expect(throws: StorageError.self) { try await backend.write(schema, .acknowledged) { _ in } }
      #expect(try scene.texts("SELECT 'free' FROM schema_version FOR UPDATE", in: schema) == ["free"])
    }
  }

  @Test("nothing is kept of a transaction in which a statement has failed")
  func goneOn() async throws {
    let scene = try MariaDBScene()
    try await scene.withBackend { backend in
      try await backend.create(schema)
      let connection = try scene.server.connect()
      try connection.begin(.write(.acknowledged), in: try scene.name(schema), Opening())
      try connection.execute("INSERT INTO config VALUES ('a', 1, 1, '1')", Parameters())
      #expect(throws: StorageError.self) { try connection.query("SELECT nonsense FROM config", Parameters()) { _ in } }
      try connection.execute("INSERT INTO config VALUES ('b', 1, 1, '1')", Parameters())
      let failed = #expect(throws: StorageError.self) { try connection.end(keeping: true) }
      #expect(failed?.code == .corrupt && connection.state.isUsable)
      let count = try await backend.read(schema) { try $0.count(ConfigEntry.self) }
      #expect(count == 0)
    }
  }

  @Test("a schema in use is dropped when the last reader has left it")
  func dropInUse() async throws {
    let scene = try MariaDBScene()
    try await scene.withBackend { backend in
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
      try await Task.sleep(for: .milliseconds(1_500))
      mayEnd.signal()
      let counts = try await reader.value
      #expect(counts == (0, 0))
      try await drop.value
      #expect(try scene.databases() == [])
    }
  }

  /// The server does not look after its client meanwhile, as it does in its sleep.
  private static let long = "SELECT BENCHMARK(1000000000, SHA2('a', 512))"

  @Test("a statement that is interrupted ends at once, here and in the server")
  func interrupt() async throws {
    let connection = try MariaDBScene().server.connect()
    let id = connection.id
    let (asked, ask) = AsyncStream.makeStream(of: Void.self)
    let waiting = Task.detached {
      ask.finish()
      let error = #expect(throws: StorageError.self) { try connection.query(Self.long, Parameters()) { _ in } }
      try? connection.end(keeping: false)
      return error?.code
    }
    for await _ in asked {}
    try await Task.sleep(for: .milliseconds(100))
    let start = ContinuousClock.now
    connection.interrupt()
    let code = await waiting.value
    #expect(code == .unavailable && start.duration(to: .now) < .seconds(10))
    #expect(!connection.state.isUsable)
    var isGone = false
    for _ in 0..<200 where !isGone {
      isGone =
        try MariaDBScene().texts("SELECT CAST(ID AS CHAR) FROM information_schema.PROCESSLIST WHERE ID = \(id)") == []
      try await Task.sleep(for: .milliseconds(10))
    }
    #expect(isGone)
  }
}
