import HTTPTypes
import SyncCore
import Testing

@testable import Server

@Suite struct StatusTests {
  @Test(
    "every error has the status that clients expect",
    arguments: [
      (SyncError(.invalid, "a"), 400), (SyncError(.forbidden, "a"), 403), (SyncError(.notFound, "a"), 404),
      (SyncError(.sessionConflict, "a"), 409), (SyncError(.tooLarge, "a"), 413), (SyncError(.tooManyLogins, "a"), 429),
      (SyncError(.failed, "a"), 500), (SyncError(.unsupported, "a"), 501), (SyncError(.unavailable, "a"), 503),
      (StorageError(.sealed(successor: 2), "a"), 409), (StorageError(.invalid, "a"), 400),
      (StorageError(.conflict, "a"), 503), (StorageError(.unavailable, "a"), 503), (StorageError(.full, "a"), 503),
      (StorageError(.notFound, "a"), 500), (StorageError(.tooNew, "a"), 500), (StorageError(.corrupt, "a"), 500),
      (CancellationError(), 503), (NoAnswer(), 500),
    ] as [(any Error & Sendable, Int)])
  func statuses(error: any Error & Sendable, status: Int) async throws {
    #expect(ErrorResponse.status(for: error).code == status)
    let handler = FakeSync(onRespond: { _, _ in throw error })
    try await LiveServer.run(handler) { server in
      let answer = try await server.call()
      #expect(answer.status == status)
      #expect(answer.text.hasPrefix("\(status) "))
      #expect(answer.headers["anki-original-size"] == nil)
    }
  }

  @Test("what the storage says of itself is for the log, not for the client")
  func storageErrors() async throws {
    let handler = FakeSync(onRespond: { _, _ in throw StorageError(.unavailable, "host db.internal is down") })
    try await LiveServer.run(handler) { server in
      let answer = try await server.call()
      #expect(!answer.text.contains("internal"))
      #expect(server.log.requests.contains { $0.contains(#"cause="host db.internal is down""#) })
    }
  }

  @Test("a refused head is answered before a byte of the body is sent, and ends the connection")
  func refusedHead() async throws {
    let handler = FakeSync(onAdmit: { _ in throw SyncError(.forbidden, "unknown key") })
    try await LiveServer.run(handler) { server in
      let answer = try await server.raw(Call(method: "upload").head)
      #expect(answer.status == 403)
      #expect(answer.headers["connection"] == "close")
    }
  }

  @Test("a refusal after the body keeps the connection")
  func refusalKeepsConnection() async throws {
    let handler = FakeSync(onRespond: { _, _ in throw SyncError(.sessionConflict, "another sync took over") })
    try await LiveServer.run(handler) { server in
      try await RawClient.connected(server.port) { client in
        for _ in 0..<3 {
          let answer = try await client.call(Call(), [try Array("{}".utf8).zstd])
          #expect(answer.status == 409)
        }
      }
    }
  }
}
