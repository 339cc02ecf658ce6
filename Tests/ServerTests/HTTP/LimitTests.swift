import SyncCore
import Testing

@testable import Server

@Suite(.timeLimit(.minutes(1))) struct LimitTests {
  @Test("a body that pauses too long ends its connection, and leaves no file")
  func pause() async throws {
    var limits = HTTPLimits()
    limits.bodyPause = .milliseconds(50)
    let pieces = try [UInt8].noise(2 << 20).zstd.pieces(of: 60_000)
    try await LiveServer.run(FakeSync(limit: 1 << 30), limits) { server in
      try await RawClient.connected(server.port) { client in
        try await client.send(Call(method: "upload").head)
        // On a busy machine the pause may come early.
        for piece in pieces { try? await client.sendChunk(piece) }
        #expect(await client.isClosed())
      }
      #expect(await server.eventually { $0.files.isEmpty && $0.log.requests.count == 1 })
    }
  }

  @Test("a body that drips is cut off when the time of its request is up")
  func drip() async throws {
    var limits = HTTPLimits()
    (limits.bodyPause, limits.request) = (.milliseconds(200), .milliseconds(300))
    try await LiveServer.run(FakeSync(), limits) { server in
      try await RawClient.connected(server.port) { client in
        try await client.send(Call().head)
        let start = ContinuousClock.now
        while ContinuousClock.now - start < .seconds(20) {
          do { try await client.sendChunk([0x28]) } catch { break }
          try await Task.sleep(for: .milliseconds(20))
        }
        #expect(ContinuousClock.now - start < .seconds(10))
      }
    }
  }

  @Test("who keeps sending after a refusal is cut off")
  func refusedSender() async throws {
    var limits = HTTPLimits()
    limits.bodyPause = .milliseconds(100)
    let handler = FakeSync(onAdmit: { _ in throw SyncError(.forbidden, "unknown key") })
    try await LiveServer.run(handler, limits) { server in
      let status = try await server.untilAnswered { client in
        try await client.send(Call().head)
        let answer = try await client.answer()
        #expect(await client.isClosed())
        return answer.status
      }
      #expect(status == 403)
    }
  }

  @Test("an answer that takes longer than a body may pause arrives")
  func slowAnswer() async throws {
    var limits = HTTPLimits()
    (limits.bodyPause, limits.idle) = (.milliseconds(100), .milliseconds(100))
    let handler = FakeSync(onRespond: { _, _ in
      try await Task.sleep(for: .milliseconds(400))
      return .text("late")
    })
    try await LiveServer.run(handler, limits) { server in
      let content = try await server.untilAnswered { client in
        try await client.call(Call(), [try Array("{}".utf8).zstd]).content()
      }
      #expect(content == "late")
    }
  }

  @Test("a silent connection is closed", arguments: ["", "POST /sync/meta HTTP/1.1\r\nhos"])
  func idle(start: String) async throws {
    var limits = HTTPLimits()
    limits.idle = .milliseconds(50)
    try await LiveServer.run(FakeSync(), limits) { server in
      try await RawClient.connected(server.port) { client in
        // On a busy machine the end may come before this.
        try? await client.send(start)
        #expect(await client.isClosed())
      }
    }
  }

  @Test("beyond the number of connections a client waits until another goes")
  func connections() async throws {
    var limits = HTTPLimits()
    limits.connections = 1
    try await LiveServer.run(FakeSync(), limits) { server in
      let answers = Lines()
      let second = try await RawClient.connected(server.port) { first in
        let answer = try await first.call(Call(), [try Array("{}".utf8).zstd])
        #expect(answer.status == 200)
        let second = Task { answers.append("\(try await server.call().status)") }
        try await Task.sleep(for: .milliseconds(300))
        #expect(answers.all.isEmpty)
        return second
      }
      try await second.value
      #expect(answers.all == ["200"])
    }
  }

  @Test("when the memory for bodies is taken for too long, a request is 503, and what it held is free again")
  func memory() async throws {
    var limits = HTTPLimits()
    (limits.memory, limits.memoryPatience) = (64 << 10, .milliseconds(50))
    let (entered, gate) = (Gate(), Gate())
    let handler = FakeSync(onRespond: { head, _ in
      guard head.method == .start else { return .text("free") }
      entered.open()
      await gate.wait()
      return .text("done")
    })
    try await LiveServer.run(handler, limits) { server in
      let first = Task { try await server.call(Call(method: "start")) }
      await entered.wait()
      let refused = try await server.call()
      #expect(refused.status == 503)
      gate.open()
      let done = try await first.value
      #expect(try done.content() == "done")
      let next = try await server.call()
      #expect(try next.content() == "free")
    }
  }
}
