import Dispatch
import Foundation
import SQLBackend
import SyncCore
import Testing

@testable import MariaDBBackend

@Suite("MariaDB when things go wrong", .enabled(if: ServerKind.mariadb.isChosen), .serialized)
struct MariaDBFaultTests {
  private let schema = Schema.collection(user: 7, generation: 1)

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
      let name = try scene.name(schema)
      try connection.begin(.write(.acknowledged), in: name, [])
      try connection.execute("INSERT INTO `#`.config VALUES ('a', 1, 1, '1')", in: name, Parameters())
      #expect(throws: StorageError.self) {
        try connection.query("SELECT nonsense FROM `#`.config", in: name, Parameters()) { _ in }
      }
      try connection.execute("INSERT INTO `#`.config VALUES ('b', 1, 1, '1')", in: name, Parameters())
      let failed = #expect(throws: StorageError.self) { try connection.end(keeping: true) }
      #expect(failed?.code == .corrupt && connection.state.isUsable)
      let count = try await backend.read(schema) { try $0.count(ConfigEntry.self) }
      #expect(count == 0)
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
