import InMemoryBackend
import Logging
import SyncCore
import Synchronization
import Testing

@testable import Server

@Suite("Tracing the storage")
struct StorageTraceTests {
  @Test("transactions, statements and waits are counted for the request that asked, and for no other")
  func counts() async throws {
    let lines = Mutex<[String]>([])
    let log = Logger(label: "test") { _ in LogFormat(write: { line in lines.withLock { $0.append(line) } }) }
    let backend = TracedBackend(engine: try await BackendFactory.memory.open(StorageSettings(folder: "")))
    try await backend.create(.user(1))
    try await backend.write(.user(1), .acknowledged) { try $0.upsert([User()]) }
    try await StorageTrace.around("meta", log) {
      try await backend.write(.user(1), .acknowledged) { try $0.upsert([User()]) }
      try await backend.write(.user(1), .relaxed) { rows in
        let users = try rows.fetch(User.self, .all)
        try rows.upsert(users)
      }
      _ = try await backend.read(.user(1)) { try $0.count(User.self) }
      _ = try await backend.read(.user(1), { try $0.user() }, then: .user(1)) { rows, _ in try rows.user() }
    }
    let written = lines.withLock { $0 }
    #expect(written.count == 1)
    #expect(written.first?.contains("storage method=meta round_trips=0 statements=6 transactions=5 waits=1") == true)
  }
}
