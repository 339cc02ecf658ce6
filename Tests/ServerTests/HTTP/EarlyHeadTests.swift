import Foundation
import SyncCore
import Testing

@testable import Server

@Suite(.timeLimit(.minutes(1))) struct EarlyHeadTests {
  static func impatient(_ patience: Duration = .milliseconds(20)) -> HTTPLimits {
    var limits = HTTPLimits()
    limits.headPatience = patience
    return limits
  }

  @Test(
    "when an answer takes long its head goes ahead, and the body follows",
    arguments: ["upload", "download", "sanityCheck2", "finish"])
  func success(method: String) async throws {
    let gate = Gate()
    let handler = FakeSync(onRespond: { _, _ in
      await gate.wait()
      return .text("OK")
    })
    try await LiveServer.run(handler, Self.impatient()) { server in
      try await RawClient.connected(server.port) { client in
        try await client.send(Call(method: method).head)
        try await client.sendChunk(try Array("{}".utf8).zstd)
        try await client.endChunks()
        var answer = try await client.head()
        #expect(answer.status == 200)
        #expect(UInt32(answer.headers["anki-original-size"] ?? "") != nil)
        gate.open()
        await client.readBody(&answer)
        #expect(try answer.content() == "OK")
      }
    }
  }

  @Test("a late file follows its early head")
  func file() async throws {
    let gate = Gate()
    let file = try TemporaryFile(.noise(700_000))
    let handler = FakeSync(onRespond: { _, _ in
      await gate.wait()
      return file.reply
    })
    try await LiveServer.run(handler, Self.impatient()) { server in
      try await RawClient.connected(server.port) { client in
        try await client.send(Call(method: "download").head)
        try await client.endChunks()
        var answer = try await client.head()
        gate.open()
        await client.readBody(&answer)
        #expect(try answer.body.unzstd() == file.content)
        #expect(answer.isComplete)
      }
      #expect(await server.eventually { _ in file.timesDone == 1 })
    }
  }

  @Test(
    "an upload that fails after its early head ends with a text",
    arguments: [
      (SyncError(.unavailable, "too many uploads; try again"), "too many uploads; try again"),
      (StorageError(.unavailable, "db.internal is down"), "The server could not take your collection"),
    ] as [(any Error & Sendable, String)])
  func lateUploadFailure(error: any Error & Sendable, text: String) async throws {
    let gate = Gate()
    let handler = FakeSync(onRespond: { _, _ in
      await gate.wait()
      throw error
    })
    try await LiveServer.run(handler, Self.impatient()) { server in
      try await RawClient.connected(server.port) { client in
        try await client.send(Call(method: "upload").head)
        try await client.endChunks()
        var answer = try await client.head()
        gate.open()
        await client.readBody(&answer)
        let content = try answer.content()
        #expect(content.hasPrefix(text))
        #expect(!content.contains("internal"))
      }
      #expect(await server.eventually { $0.log.requests.contains { $0.contains("cause=\"\(error)\"") } })
      #expect(await server.eventually { $0.files.isEmpty })
    }
  }

  @Test(
    "another step that fails after its early head ends the connection within the body",
    arguments: ["download", "sanityCheck2", "finish"])
  func lateFailure(method: String) async throws {
    let gate = Gate()
    let handler = FakeSync(onRespond: { _, _ in
      await gate.wait()
      throw SyncError(.sessionConflict, "another sync took over")
    })
    try await LiveServer.run(handler, Self.impatient()) { server in
      try await RawClient.connected(server.port) { client in
        try await client.send(Call(method: method).head)
        try await client.endChunks()
        var answer = try await client.head()
        gate.open()
        await client.readBody(&answer)
        #expect(answer.body.isEmpty)
        #expect(!answer.isComplete)
      }
      #expect(await server.eventually { $0.log.requests.contains { $0.contains("another sync took over") } })
    }
  }

  @Test("a quick failure of such a step has its status", arguments: ["upload", "download", "sanityCheck2", "finish"])
  func quickFailure(method: String) async throws {
    let handler = FakeSync(onRespond: { _, _ in throw SyncError(.sessionConflict, "another sync took over") })
    try await LiveServer.run(handler) { server in
      let answer = try await server.call(Call(method: method))
      #expect(answer.status == 409)
    }
  }

  @Test("other steps wait for their status", arguments: ["meta", "applyChunk"])
  func others(method: String) async throws {
    let handler = FakeSync(onRespond: { _, _ in
      try await Task.sleep(for: .milliseconds(60))
      throw SyncError(.sessionConflict, "another sync took over")
    })
    try await LiveServer.run(handler, Self.impatient(.zero)) { server in
      let answer = try await server.call(Call(method: method))
      #expect(answer.status == 409)
    }
  }
}
