import Logging
import NIOCore
import NIOPosix
import Testing

@testable import Server

@Suite struct AcceptGuardTests {
  @Test("a connection that could not be accepted does not end the server", .timeLimit(.minutes(1)))
  func survives() async throws {
    let lines = Lines()
    let logger = Logger(label: "x") { _ in LogFormat(write: lines.append) }
    let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .bind(host: "127.0.0.1", port: 0) { channel in
        channel.eventLoop.makeCompletedFuture {
          try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
        }
      }
    try await AcceptGuard.install(on: server.channel, pause: .milliseconds(10), logger)
    let port = try #require(server.channel.localAddress?.port)
    try await server.executeThenClose { clients in
      let channel = server.channel
      try await channel.eventLoop.submit {
        for _ in 0..<3 { channel.pipeline.fireErrorCaught(IOError(errnoCode: 24, reason: "accept")) }
      }.get()
      async let greeting = RawClient.connected(port) { await $0.isClosed() }
      var iterator = clients.makeAsyncIterator()
      let client = try #require(try await iterator.next())
      try await client.executeThenClose { _, _ in }
      #expect(try await greeting)
    }
    #expect(lines.all.count == 1)
  }
}
