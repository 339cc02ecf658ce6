import Foundation
import NIOSSL
import SyncCore
import Testing

@testable import Server

@Suite("TLS", .timeLimit(.minutes(2)))
struct TLSTests {
  private static let get = "GET /health HTTP/1.1\r\nhost: x\r\n\r\n"

  @Test("requests of every size are answered as without it, one after the other on one connection")
  func requests() async throws {
    let scene = try TLSScene()
    let client = try scene.client()
    try await LiveServer.run(FakeSync(limit: 8 << 20), certificate: try scene.served()) { server in
      try await RawClient.connected(server.port, tls: client) { client in
        for size in [2, 70_000, 3 << 20] {
          let content = [UInt8].noise(size)
          let answer = try await client.call(Call(), try content.zstd.pieces(of: 60_000))
          let expected = size > 1 << 20 ? "file of \(size)" : String(decoding: content, as: UTF8.self)
          #expect(try answer.content() == expected)
        }
      }
    }
  }

  @Test("TLS 1.2 and 1.3 are spoken, and nothing older", arguments: [TLSVersion.tlsv1, .tlsv11, .tlsv12, .tlsv13])
  func versions(version: TLSVersion) async throws {
    let scene = try TLSScene()
    let client = try scene.client(oldest: version, newest: version)
    try await LiveServer.run(certificate: try scene.served()) { server in
      let answer = try? await RawClient.connected(server.port, tls: client) { client in
        try await client.send(Self.get)
        return try await client.answer()
      }
      #expect(answer?.status == ([.tlsv12, .tlsv13].contains(version) ? 200 : nil))
    }
  }

  @Test("who speaks http to it is told so in plain text, however much he sends")
  func plainText() async throws {
    let scene = try TLSScene()
    try await LiveServer.run(certificate: try scene.served()) { server in
      for body in [0, 1 << 20] {
        let answer = try await RawClient.connected(server.port) { client in
          try await client.send("POST /sync/meta HTTP/1.1\r\nhost: x\r\ncontent-length: \(body)\r\n\r\n")
          try await client.send([UInt8](repeating: 65, count: body))
          return try await client.answer()
        }
        #expect(answer.status == 400)
        #expect(answer.text.contains("https"))
      }
      #expect(server.log.all.filter { $0.contains("speaks http to this port, which speaks https") }.count == 2)
    }
  }

  @Test("who speaks TLS to a port without it leaves a line for the operator")
  func tlsToPlainPort() async throws {
    let scene = try TLSScene()
    let client = try scene.client()
    try await LiveServer.run { server in
      await #expect(throws: (any Error).self) {
        try await RawClient.connected(server.port, tls: client) { client in
          try await client.send(Self.get)
          return try await client.answer()
        }
      }
      #expect(await server.eventually { $0.log.all.contains { $0.contains("speaks https to this port") } })
    }
  }

  @Test(
    "a handshake that does not end in time ends its connection and leaves no line",
    arguments: ["", "\u{16}", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}"])
  func slow(begun: String) async throws {
    let scene = try TLSScene()
    var limits = HTTPLimits()
    limits.head = .milliseconds(200)
    try await LiveServer.run(FakeSync(), limits, certificate: try scene.served()) { server in
      let start = ContinuousClock.now
      try await RawClient.connected(server.port) { client in
        if !begun.isEmpty { try await client.send(begun) }
        _ = await client.rest()
      }
      // Five more seconds are for a client that says goodbye.
      #expect(ContinuousClock.now - start < .seconds(20))
      #expect(!server.log.all.contains { $0.contains(" error ") || $0.contains(" warning ") })
      #expect(server.log.all.count <= 2)
    }
  }

  @Test("the first head has its time from its own first byte on, not from the handshake's")
  func firstHead() async throws {
    let scene = try TLSScene()
    let client = try scene.client()
    var limits = HTTPLimits()
    limits.head = .milliseconds(500)
    try await LiveServer.run(FakeSync(), limits, certificate: try scene.served()) { server in
      let answer = try await RawClient.connected(server.port, tls: client) { client in
        try await client.send("G")
        try await Task.sleep(for: .milliseconds(50))
        try await client.send(String(Self.get.dropFirst()))
        let first = try await client.answer()
        try await Task.sleep(for: .milliseconds(900))
        try await client.send(Self.get)
        let second = try await client.answer()
        try await client.send("GET /")
        _ = await client.rest()
        return [first.status, second.status]
      }
      #expect(answer == [200, 200])
    }
  }

  @Test("a body that pauses for too long ends its connection, as without TLS")
  func pause() async throws {
    let scene = try TLSScene()
    let client = try scene.client()
    var limits = HTTPLimits()
    limits.bodyPause = .milliseconds(300)
    try await LiveServer.run(FakeSync(), limits, certificate: try scene.served()) { server in
      let start = ContinuousClock.now
      let isClosed = try await RawClient.connected(server.port, tls: client) { client in
        try await client.send(Call().head)
        try await client.sendChunk(try [UInt8].noise(1_000).zstd.prefix(100))
        return await client.isClosed()
      }
      #expect(isClosed)
      #expect(ContinuousClock.now - start < .seconds(20))
    }
  }

  @Test("garbage in place of a handshake, and a client that trusts somebody else, do no harm and leave no line")
  func failedHandshakes() async throws {
    let (scene, other) = (try TLSScene(), try TLSScene())
    let (client, stranger) = (try scene.client(), try other.client())
    try await LiveServer.run(certificate: try scene.served()) { server in
      let before = server.log.all.count
      for _ in 0..<5 {
        _ = try? await RawClient.connected(server.port, tls: stranger) { client in
          try await client.send(Self.get)
          return try await client.answer()
        }
        _ = try await RawClient.connected(server.port) { client in
          try await client.send([0x16, 0x03, 0x01, 0x00, 0x04, 1, 2, 3, 4])
          return await client.rest()
        }
      }
      #expect(server.log.all.count == before)
      let answer = try await RawClient.connected(server.port, tls: client) { client in
        try await client.send(Self.get)
        return try await client.answer()
      }
      #expect(answer.status == 200)
    }
  }

  @Test("a connection that is open keeps going while the certificate is renewed, and the next one gets the new one")
  func renewal() async throws {
    let (scene, other) = (try TLSScene(), try TLSScene())
    let (old, new) = (try scene.client(), try other.client())
    let served = try scene.served()
    try await LiveServer.run(certificate: served) { server in
      try await RawClient.connected(server.port, tls: old) { client in
        try await client.send(Call().head)
        let body = try [UInt8].noise(100).zstd
        try await client.sendChunk(body.prefix(20))
        for (from, to) in [(other.folder.key, scene.folder.key), (other.folder.certificate, scene.folder.certificate)] {
          try scene.write(try String(contentsOfFile: from, encoding: .utf8), to: to)
        }
        try served.renew(now: TLSScene.now)
        let answer = try await RawClient.connected(server.port, tls: new) { client in
          try await client.send(Self.get)
          return try await client.answer()
        }
        #expect(answer.status == 200)
        try await client.sendChunk(body.dropFirst(20))
        try await client.endChunks()
        #expect(try await client.answer().status == 200)
      }
    }
  }
}
