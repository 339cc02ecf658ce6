import ServiceLifecycle
import SyncCore
import Testing

@testable import Server

@Suite(.timeLimit(.minutes(5))) struct StopTests {
  @Test("a request in flight is answered although the server is told to stop, and new clients are refused")
  func graceful() async throws {
    let (entered, gate) = (Gate(), Gate())
    let handler = FakeSync(onRespond: { _, _ in
      entered.open()
      await gate.wait()
      return .text("done")
    })
    try await LiveServer.run(handler) { server in
      let call = Task { try await server.call() }
      await entered.wait()
      await server.group.triggerGracefulShutdown()
      for _ in 0..<200 {
        guard (try? await server.raw("GET /health HTTP/1.1\r\nhost: x\r\n\r\n")) != nil else { break }
        try await Task.sleep(for: .milliseconds(10))
      }
      await #expect(throws: (any Error).self) { try await server.raw("GET /health HTTP/1.1\r\nhost: x\r\n\r\n") }
      gate.open()
      let answer = try await call.value
      #expect(try answer.content() == "done")
    }
  }

  @Test(
    "a request that does not end is cut off when the time to stop is up, and leaves no file",
    arguments: ["meta", "finish", "upload"])
  func cut(method: String) async throws {
    let entered = Gate()
    let handler = FakeSync(onRespond: { _, _ in
      entered.open()
      try await Task.sleep(for: .seconds(3_600))
      return .text("never")
    })
    let start = ContinuousClock.now
    try await LiveServer.run(handler, EarlyHeadTests.impatient(), shutdown: .milliseconds(100)) { server in
      let call = Task { try await server.call(Call(method: method)) }
      await entered.wait()
      await server.group.triggerGracefulShutdown()
      let answer = try? await call.value
      #expect(answer?.isComplete != true || answer?.status == 503 || method == "upload")
      #expect(await server.eventually { $0.files.isEmpty })
    }
    #expect(ContinuousClock.now - start < .seconds(600))
  }

  @Test("a connection that waits for its next request does not hold up the stop")
  func idle() async throws {
    let start = ContinuousClock.now
    try await LiveServer.run(shutdown: .seconds(600)) { server in
      try await RawClient.connected(server.port) { client in
        let answer = try await client.call(Call(), [try Array("{}".utf8).zstd])
        #expect(answer.status == 200)
        await server.group.triggerGracefulShutdown()
        #expect(await client.isClosed())
      }
    }
    // Less than its idle time.
    #expect(ContinuousClock.now - start < .seconds(100))
  }
}
