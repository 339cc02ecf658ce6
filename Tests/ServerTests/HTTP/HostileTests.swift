import Testing

@testable import Server

@Suite struct HostileTests {
  @Test(
    "what is no request does no harm",
    arguments: [
      "\0\0\0\0\r\n\r\n", "GET\r\n\r\n", "POST /sync/meta HTTP/9.9\r\n\r\n", "POST  HTTP/1.1\r\n\r\n",
      "POST /sync/meta HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
      "POST /sync/meta HTTP/1.1\r\ncontent-length: 99999999999999999999\r\n\r\n",
      "POST /sync/meta HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
      "POST /sync/meta HTTP/1.1\r\n\(Call.header())\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
      "POST /sync/meta HTTP/1.1\r\n\(Call.header())\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
      "POST /sync/meta HTTP/1.1\r\n\(Call.header())\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab",
      "POST /sync/upload HTTP/1.1\r\n\(Call.header())\r\ncontent-length: 50\r\n\r\n(\u{B5}",
      "POST /sync/meta HTTP/1.1\r\nanki-sync: \(String(repeating: "[", count: 70_000))\r\ncontent-length: 0\r\n\r\n",
      "POST /\(String(repeating: "meta/", count: 10_000))\u{1} HTTP/1.1\r\n\r\n",
      "POST /sync/meta?\(String(repeating: "%", count: 9_000)) HTTP/1.1\r\ncontent-length: 0\r\n\r\n",
      "POST http://[::1/sync/meta HTTP/1.1\r\ncontent-length: 0\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}\0",
      "x: \(String(repeating: "y", count: 200_000))",
    ])
  func garbage(bytes: String) async throws {
    try await LiveServer.run { server in
      _ = try? await RawClient.connected(server.port) { client in
        try await client.send(bytes)
        // A half that the server would wait for ends here: the client goes away.
        return try await client.answerWithin(.milliseconds(300))
      }
      let health = try await server.raw("GET /health HTTP/1.1\r\nhost: x\r\n\r\n")
      #expect(health.status == 200)
    }
  }

  @Test("requests that come without waiting are answered in their order")
  func pipelining() async throws {
    try await LiveServer.run { server in
      try await RawClient.connected(server.port) { client in
        for number in 1...20 {
          try await client.send(Call().head)
          try await client.sendChunk(try Array("[\(number)]".utf8).zstd)
          try await client.endChunks()
        }
        for number in 1...20 {
          let answer = try await client.answer()
          #expect(try answer.content() == "[\(number)]")
        }
      }
    }
  }
}
