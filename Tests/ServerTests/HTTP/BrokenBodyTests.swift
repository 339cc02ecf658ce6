import AnkiFormats
import SyncCore
import Testing

@testable import Server

@Suite struct BrokenBodyTests {
  /// The start of a frame whose window is 16 MiB, with an empty last block.
  static let hugeWindow: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 14 << 3, 0x01, 0x00, 0x00]

  @Test("a frame cut anywhere is refused: by status, an upload by text")
  func truncated() async throws {
    let frame = try Array(#"{"v":11,"cv":"anki,26.09.3"}"#.utf8).zstd
    try await LiveServer.run { server in
      try await RawClient.connected(server.port) { client in
        for length in 1..<frame.count {
          let refused = try await client.call(Call(), [Array(frame[..<length])])
          #expect(refused.status == 400)
          let upload = try await client.call(Call(method: "upload"), [Array(frame[..<length])])
          #expect(upload.status == 200)
          #expect(try upload.content() == "refused: the body ends too early")
        }
      }
      #expect(await server.eventually { $0.files.isEmpty })
    }
  }

  @Test(
    "what is no frame is refused",
    arguments: [Array("{}".utf8), Array("PK\u{3}\u{4}".utf8), hugeWindow, [UInt8].noise(200_000)])
  func corrupt(body: [UInt8]) async throws {
    try await LiveServer.run { server in
      try await RawClient.connected(server.port) { client in
        let refused = try await client.call(Call(method: "start"), [body])
        #expect(refused.status == 400)
      }
      try await RawClient.connected(server.port) { client in
        let upload = try await client.call(Call(method: "upload"), body.pieces(of: 60_000))
        #expect(try upload.content() == "refused: the body cannot be decompressed")
      }
    }
  }

  @Test("bytes behind the frame are refused", arguments: [[0], Array("garbage".utf8)] as [[UInt8]])
  func trailing(tail: [UInt8]) async throws {
    try await LiveServer.run { server in
      try await RawClient.connected(server.port) { client in
        let frame = try Array("{}".utf8).zstd
        #expect(try await client.call(Call(), [frame + tail]).status == 400)
        #expect(try await client.call(Call(), [frame, tail]).status == 400)
      }
    }
  }

  @Test("a body may be as large as its limit, and no byte larger", arguments: [100, 65_536, 300_000])
  func limit(limit: Int) async throws {
    try await LiveServer.run(FakeSync(limit: limit)) { server in
      let fits = try await server.call(Call(method: "applyChunk"), [UInt8](repeating: 65, count: limit))
      #expect(try fits.content().utf8.count == limit)
      let refused = try await server.call(Call(method: "applyChunk"), [UInt8](repeating: 65, count: limit + 1))
      #expect(refused.status == 413)
    }
  }

  @Test("an upload beyond its limit is read to its end and answered with a text that names the limit")
  func largeUpload() async throws {
    try await LiveServer.run(FakeSync(limit: 100_000)) { server in
      let answer = try await server.call(Call(method: "upload"), .noise(2 << 20))
      #expect(answer.status == 200)
      #expect(try answer.content() == "refused: the body is larger than 100000 bytes")
      let line = try #require(server.log.requests.first)
      #expect(line.contains("cause=\"the body is larger than 100000 bytes\""))
      let read = line.split(separator: " ").first { $0.hasPrefix("in=") }
      #expect(Int(read?.dropFirst(3) ?? "") ?? 0 > 2 << 20)
      #expect(await server.eventually { $0.files.isEmpty })
    }
  }

  @Test("a body beyond its limit is refused while it is still coming")
  func endless() async throws {
    try await LiveServer.run(FakeSync(limit: 100_000)) { server in
      try await RawClient.connected(server.port) { client in
        try await client.send(Call(method: "applyChunk").head)
        for piece in try [UInt8].noise(400_000).zstd.pieces(of: 40_000) { try await client.sendChunk(piece) }
        let answer = try await client.answer()
        #expect(answer.status == 413)
        #expect(answer.headers["connection"] == "close")
      }
    }
  }

  @Test("a frame of a gigabyte of zeros is refused in bounded memory", arguments: ["hostKey", "applyChunk", "upload"])
  func bomb(method: String) async throws {
    let bomb = try Self.zeros(1 << 30)
    let limit = method == "hostKey" ? 4_096 : 300 << 20
    let before = try ProcessMemory.peak()
    try await LiveServer.run(FakeSync(limit: limit)) { server in
      let answer = try await RawClient.connected(server.port) { client in
        try await client.call(Call(method: method), bomb.pieces(of: 60_000))
      }
      #expect(answer.status == (method == "upload" ? 200 : 413))
      #expect(await server.eventually { $0.files.isEmpty })
    }
    // Other tests run beside this one.
    #expect(try ProcessMemory.peak() - before < 200 << 20)
  }

  static func zeros(_ count: Int) throws -> [UInt8] {
    let encoder = try ZstdEncoder(level: 1)
    let block = [UInt8](repeating: 0, count: 1 << 20)
    var frame: [UInt8] = []
    for _ in 0..<(count >> 20) {
      try block.withUnsafeBytes { try encoder.encode($0) { frame.append(contentsOf: $0) } }
    }
    try encoder.finish { frame.append(contentsOf: $0) }
    return frame
  }
}
