import AnkiFormats
import Foundation
import SyncCore
import Testing

@testable import Server

@Suite struct BodyTests {
  @Test("a body may be cut into chunks anywhere")
  func splits() async throws {
    let body = Array(#"{"v":11,"cv":"anki,26.09.3"}"#.utf8)
    let frame = try body.zstd
    try await LiveServer.run { server in
      try await RawClient.connected(server.port) { client in
        for cut in 0...frame.count {
          let answer = try await client.call(Call(), [Array(frame[..<cut]), Array(frame[cut...])])
          #expect(try answer.body.unzstd() == body)
        }
        #expect(try await client.call(Call(), frame.pieces(of: 1)).body.unzstd() == body)
      }
    }
  }

  @Test("a body with a Content-Length is as good")
  func contentLength() async throws {
    let frame = try Array("[2]".utf8).zstd
    try await LiveServer.run { server in
      try await RawClient.connected(server.port) { client in
        try await client.send(
          "POST /sync/meta HTTP/1.1\r\nhost: x\r\ncontent-length: \(frame.count)\r\n\(Call.header())\r\n\r\n")
        try await client.send(frame)
        #expect(try await client.answer().content() == "[2]")
      }
    }
  }

  @Test("a body without a byte is an empty one; of an upload it is an empty file")
  func empty() async throws {
    try await LiveServer.run { server in
      try await RawClient.connected(server.port) { client in
        let call = try await client.call(Call(method: "abort"), [])
        #expect(try call.content() == "")
        let upload = try await client.call(Call(method: "upload"), [])
        #expect(try upload.content() == "file of 0")
      }
    }
  }

  @Test("small bodies come in memory, large ones and uploads as a file", arguments: [1, 16_384, 70_000, 1 << 20])
  func places(size: Int) async throws {
    var limits = HTTPLimits()
    limits.memoryPerBody = 70_000
    let body = [UInt8].noise(size)
    let handler = FakeSync(onRespond: { _, received in
      switch received {
      case .bytes(let bytes): .text("bytes \(bytes == body)")
      case .file(let path, let size):
        .text("file \(size == body.count) \(FileManager.default.contents(atPath: path) == Data(body))")
      }
    })
    try await LiveServer.run(handler, limits) { server in
      let call = try await server.call(Call(method: "applyChunk"), body).content()
      #expect(call == (size <= 70_000 ? "bytes true" : "file true true"))
      #expect(try await server.call(Call(method: "upload"), body).content() == "file true true")
      #expect(await server.eventually { $0.files.isEmpty })
    }
  }

  @Test("a body in a file is readable for its owner only, and gone after its answer unless it was taken")
  func filesGo() async throws {
    let handler = FakeSync(onRespond: { head, body in
      guard case .file(let path, _) = body else { return .text("no file") }
      let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
      if head.method == .upload { try FileManager.default.moveItem(atPath: path, toPath: path + ".taken") }
      return .text(String(mode ?? 0, radix: 8))
    })
    var limits = HTTPLimits()
    limits.memoryPerBody = 1
    try await LiveServer.run(handler, limits) { server in
      let chunk = try await server.call(Call(method: "applyChunk"))
      #expect(try chunk.content() == "600")
      #expect(await server.eventually { $0.files.isEmpty })
      let upload = try await server.call(Call(method: "upload"))
      #expect(try upload.content() == "600")
      #expect(server.files.count == 1)
      #expect(server.files.allSatisfy { $0.hasSuffix(".taken") })
    }
  }

  @Test("a body in a file is gone when its request failed")
  func filesGoAfterErrors() async throws {
    let handler = FakeSync(onRespond: { _, _ in throw SyncError(.unavailable, "busy") })
    try await LiveServer.run(handler) { server in
      let answer = try await server.call(Call(method: "upload"))
      #expect(answer.status == 503)
      #expect(await server.eventually { $0.files.isEmpty })
    }
  }

  @Test("a client that goes away within an upload leaves no file, and nobody hears of its body")
  func cutUpload() async throws {
    let handler = FakeSync(
      limit: 1 << 30,
      onRespond: { _, _ in
        Issue.record("a cut body was handed on")
        return .text("OK")
      })
    let pieces = try [UInt8].noise(3 << 20).zstd.pieces(of: 50_000)
    try await LiveServer.run(handler) { server in
      for share in [1, 5, 9] {
        try await RawClient.connected(server.port) { client in
          try await client.send(Call(method: "upload").head)
          for piece in pieces.prefix(pieces.count * share / 10) { try await client.sendChunk(piece) }
          if share > 5 { #expect(await server.eventually { !$0.files.isEmpty }) }
        }
        #expect(await server.eventually { $0.files.isEmpty })
      }
      #expect(await server.eventually { $0.log.requests.count == 3 })
    }
  }

  @Test("without a folder to write to, an upload is 503 and not the client's fault")
  func noFolder() async throws {
    try await LiveServer.run { server in
      try FileManager.default.removeItem(atPath: server.folder)
      #expect(try await server.call(Call(method: "upload")).status == 503)
    }
  }
}
