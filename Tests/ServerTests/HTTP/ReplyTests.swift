import SyncCore
import Testing

@testable import Server

@Suite struct ReplyTests {
  @Test("an answer is one frame behind its size before compression", arguments: [0, 1, 1_000, 200_000])
  func bytes(size: Int) async throws {
    let content = [UInt8].noise(size)
    try await LiveServer.run(FakeSync(onRespond: { _, _ in .bytes(content) })) { server in
      let answer = try await server.call()
      #expect(answer.status == 200)
      #expect(answer.headers["anki-original-size"] == "\(size)")
      #expect(answer.headers["content-length"] == "\(answer.body.count)")
      #expect(try answer.body.unzstd() == content)
    }
  }

  @Test(
    "a file is sent as one frame behind its size, and given back once",
    arguments: [0, 1, 262_143, 262_144, 262_145, 3 << 20])
  func files(size: Int) async throws {
    let file = try TemporaryFile(.noise(size))
    try await LiveServer.run(FakeSync(onRespond: { _, _ in file.reply })) { server in
      let answer = try await server.call(Call(method: "download"))
      #expect(answer.headers["anki-original-size"] == "\(size)")
      #expect(answer.isComplete)
      #expect(try answer.body.unzstd() == file.content)
      #expect(await server.eventually { _ in file.timesDone == 1 })
    }
  }

  @Test("a version before 11 in the header is answered without zstd", arguments: [8, 9, 10])
  func plain(version: Int) async throws {
    let file = try TemporaryFile(.noise(300_000))
    let handler = FakeSync(onRespond: { head, body in head.method == .download ? file.reply : try FakeSync.echo(body) })
    try await LiveServer.run(handler) { server in
      let answer = try await server.call(Call(headers: [Call.header(version: version)]), Array("[3]".utf8))
      #expect(answer.text == "[3]")
      let download = try await server.call(Call(method: "download", headers: [Call.header(version: version)]))
      #expect(download.body == file.content)
    }
  }

  @Test("a file that is shorter than it was said to be ends the connection, and is given back")
  func shortFile() async throws {
    let file = try TemporaryFile(.noise(300_000))
    try await LiveServer.run(FakeSync(onRespond: { _, _ in file.reply(size: 400_000) })) { server in
      let answer = try await server.call(Call(method: "download"))
      #expect(!answer.isComplete)
      #expect(await server.eventually { _ in file.timesDone == 1 })
    }
  }

  @Test("a file that is not there is a fault of ours")
  func missingFile() async throws {
    let handler = FakeSync(onRespond: { _, _ in .file(path: "/nowhere/at-all", size: 5, done: {}) })
    try await LiveServer.run(handler) { server in
      let answer = try await server.call(Call(method: "download"))
      #expect(answer.status == 503)
    }
  }

  @Test("a file is given back when its client goes away in the middle, and the log says so")
  func cutDownload() async throws {
    let file = try TemporaryFile(zeros: 256 << 20)
    try await LiveServer.run(FakeSync(onRespond: { _, _ in file.reply(size: 256 << 20) })) { server in
      try await RawClient.connected(server.port) { client in
        try await client.send(Call(method: "download", headers: [Call.header(version: 10)]).head)
        try await client.endChunks()
        let head = try await client.head()
        #expect(head.status == 200)
        #expect(file.timesDone == 0)
      }
      #expect(await server.eventually { _ in file.timesDone == 1 })
      #expect(await server.eventually { $0.log.requests.contains { $0.contains("cut off") } })
    }
  }

  @Test("a client that does not read holds back the reading of its file")
  func backPressure() async throws {
    let file = try TemporaryFile(zeros: 256 << 20)
    try await LiveServer.run(FakeSync(onRespond: { _, _ in file.reply(size: 256 << 20) })) { server in
      try await RawClient.connected(server.port) { client in
        // Not compressed.
        try await client.send(Call(method: "download", headers: [Call.header(version: 10)]).head)
        try await client.endChunks()
        let head = try await client.head()
        #expect(head.status == 200)
        try await Task.sleep(for: .milliseconds(300))
      }
      #expect(await server.eventually { _ in file.timesDone == 1 })
      #expect(await server.eventually { !$0.log.requests.isEmpty })
      let sent = server.log.requests.first?.split(separator: " ").first { $0.hasPrefix("out=") }
      // What the sockets hold is beyond our reach.
      #expect(Int(sent?.dropFirst(4) ?? "") ?? .max < 60 << 20)
    }
  }

  @Test("eight downloads at once all arrive whole")
  func together() async throws {
    let file = try TemporaryFile(.noise(4 << 20))
    try await LiveServer.run(FakeSync(onRespond: { _, _ in file.reply })) { server in
      try await withThrowingTaskGroup(of: Answer.self) { clients in
        for _ in 0..<8 { clients.addTask { try await server.call(Call(method: "download")) } }
        for try await answer in clients { #expect(try answer.body.unzstd() == file.content) }
      }
      #expect(await server.eventually { _ in file.timesDone == 8 })
    }
  }
}
