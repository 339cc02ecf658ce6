import Foundation
import SyncCore
import Testing

@testable import Server

@Suite("Heads of requests", .timeLimit(.minutes(1))) struct HeadTests {
  private static var impatient: HTTPLimits {
    var limits = HTTPLimits()
    limits.head = .milliseconds(200)
    return limits
  }

  @Test("a head that does not end in time ends its connection, whether it stalls or drips", arguments: [false, true])
  func slow(drips: Bool) async throws {
    try await LiveServer.run(FakeSync(), Self.impatient) { server in
      try await RawClient.connected(server.port) { client in
        let start = ContinuousClock.now
        try await client.send("POST /sync/meta HTTP/1.1\r\nx: ")
        while drips, ContinuousClock.now - start < .seconds(20) {
          do { try await client.send("y") } catch { break }
          try await Task.sleep(for: .milliseconds(20))
        }
        #expect(await client.isClosed())
        #expect(ContinuousClock.now - start < .seconds(10))
      }
    }
  }

  @Test("a second head on a connection has its own time, and the silence before it does not count")
  func second() async throws {
    try await LiveServer.run(FakeSync(), Self.impatient) { server in
      try await RawClient.connected(server.port) { client in
        for _ in 0..<3 {
          let answer = try await client.call(Call(), [try Array("{}".utf8).zstd])
          #expect(answer.status == 200)
          try await Task.sleep(for: .milliseconds(300))
        }
        let start = ContinuousClock.now
        try await client.send("P")
        #expect(await client.isClosed())
        #expect(ContinuousClock.now - start < .seconds(10))
      }
    }
  }

  @Test("a body may take longer than a head")
  func slowBody() async throws {
    try await LiveServer.run(FakeSync(), Self.impatient) { server in
      try await RawClient.connected(server.port) { client in
        let frame = try Array("[1]".utf8).zstd
        try await client.send(Call().head)
        for byte in frame {
          try await client.sendChunk([byte])
          try await Task.sleep(for: .milliseconds(40))
        }
        try await client.endChunks()
        #expect(try await client.answer().content() == "[1]")
      }
    }
  }

  @Test("a line end behind a body does not cut off the answer")
  func strayLineEnd() async throws {
    let handler = FakeSync(onRespond: { _, _ in
      try await Task.sleep(for: .milliseconds(500))
      return .text("late")
    })
    try await LiveServer.run(handler, Self.impatient) { server in
      try await RawClient.connected(server.port) { client in
        try await client.send(Form().bytes(Array("{}".utf8).gzip))
        try await Task.sleep(for: .milliseconds(50))
        try await client.send("\r\n")
        #expect(try await client.answer().text == "late")
      }
    }
  }

  @Test("who waits for leave to send a body gets it, then an answer", arguments: ["100-continue", "100-Continue"])
  func expectation(word: String) async throws {
    try await LiveServer.run { server in
      try await RawClient.connected(server.port) { client in
        for number in 0..<3 {
          let form = Form(headers: ["Expect: \(word)"])
          let body = form.body(Array("[\(number)]".utf8).gzip)
          try await client.send(form.head(length: body.count))
          let leave = try await client.head()
          #expect(leave.status == 100)
          #expect(leave.headers.isEmpty)
          try await client.send(body)
          #expect(try await client.answer().text == "[\(number)]")
        }
      }
    }
  }

  @Test("who does not wait, or knows no such thing, gets one answer", arguments: ["1.0", "1.1"])
  func noExpectation(version: String) async throws {
    try await LiveServer.run { server in
      let headers = version == "1.0" ? ["Expect: 100-continue"] : []
      let answer = try await server.call(Form(version: version, headers: headers), payload: Array("[1]".utf8).gzip)
      #expect(answer.status == 200)
      #expect(answer.text == "[1]")
    }
  }

  @Test("HTTP/1.0 is answered as such: no chunks, and the end of the connection is the end of the answer")
  func oldVersion() async throws {
    let file = try TemporaryFile(.noise(500_000))
    let handler = FakeSync(onRespond: { head, body in head.method == .download ? file.reply : try FakeSync.echo(body) })
    try await LiveServer.run(handler) { server in
      for method in ["download", "meta"] {
        try await RawClient.connected(server.port) { client in
          let form = Form(method: method, version: "1.0", headers: ["Connection: keep-alive"])
          try await client.send(form.bytes(Array("[1]".utf8).gzip))
          let text = await client.rest()
          let end = try #require(text.firstRange(of: Array("\r\n\r\n".utf8)))
          let head = String(decoding: text[..<end.lowerBound], as: UTF8.self).lowercased()
          #expect(head.hasPrefix("http/1.0 200 "))
          #expect(head.contains("connection: close"))
          #expect(!head.contains("transfer-encoding"))
          #expect(Array(text[end.upperBound...]) == (method == "download" ? file.content : Array("[1]".utf8)))
        }
      }
    }
  }

  @Test("a connection ends with the request that asks for it, in whatever spelling", arguments: ["close", "Close"])
  func closing(word: String) async throws {
    try await LiveServer.run { server in
      try await RawClient.connected(server.port) { client in
        try await client.send(Form(headers: ["Connection: \(word)"]).bytes(Array("[1]".utf8).gzip))
        #expect(try await client.answer().text == "[1]")
        #expect(await client.isClosed())
      }
    }
  }

  @Test("curl is served as it likes it", arguments: [["--http1.0"], ["--http1.1"], ["-H", "Expect: 100-continue"]])
  func curl(options: [String]) async throws {
    let payload = try TemporaryFile(.noise(2 << 20))
    try await LiveServer.run(FakeSync(limit: 4 << 20)) { server in
      for extra in [[], ["-H", "Transfer-Encoding: chunked"]] where !(options == ["--http1.0"] && !extra.isEmpty) {
        let said = try Program.output(
          "curl",
          options + extra + [
            "-sS", "--max-time", "20", "-F", "data=@\(payload.path)", "-F", "k=key", "-F", "c=0",
            "-w", " %{http_code}", "http://127.0.0.1:\(server.port)/sync/applyChunk",
          ])
        #expect(said == "file of \(2 << 20) 200")
      }
    }
  }
}

/// Another program.
private enum Program {
  /// What it says on its standard output.
  static func output(_ name: String, _ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [name] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let bytes = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return String(decoding: bytes, as: UTF8.self)
  }
}
