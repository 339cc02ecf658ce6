import NIOCore
import NIOPosix
import NIOSSL

/// What came back, as it was sent.
struct Answer: Sendable {
  var status = 0
  /// Names in lower case.
  var headers: [String: String] = [:]
  var body: [UInt8] = []
  /// Whether the body came to its end, or the connection before.
  var isComplete = false

  var text: String { String(decoding: body, as: UTF8.self) }
}

/// The connection ended where an answer should have begun.
struct NoAnswer: Error {}

/// A client that says over a connection exactly what the test wants.
final class RawClient {
  private let channel: any Channel
  private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
  private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
  private var buffer = ByteBuffer()

  private init(
    _ channel: any Channel, _ inbound: NIOAsyncChannelInboundStream<ByteBuffer>,
    _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
  ) {
    (self.channel, self.outbound) = (channel, outbound)
    self.inbound = inbound.makeAsyncIterator()
  }

  /// Connects, runs `body`, and goes away.
  /// - Parameter tls: how it speaks TLS, to a server that it knows as localhost; nil: not at all.
  static func connected<T: Sendable>(
    _ port: Int, tls: NIOSSLContext? = nil, _ body: (RawClient) async throws -> T
  ) async throws -> T {
    let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .connect(host: "127.0.0.1", port: port) { channel in
        channel.eventLoop.makeCompletedFuture {
          if let tls {
            let handler = try NIOSSLClientHandler(context: tls, serverHostname: "localhost")
            try channel.pipeline.syncOperations.addHandler(handler)
          }
          return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
        }
      }
    return try await channel.executeThenClose { inbound, outbound in
      try await body(RawClient(channel.channel, inbound, outbound))
    }
  }

  func send(_ bytes: some Sequence<UInt8> & Sendable) async throws {
    try await outbound.write(ByteBuffer(bytes: bytes))
  }
  func send(_ text: String) async throws { try await send(Array(text.utf8)) }

  func sendChunk(_ bytes: some Collection<UInt8>) async throws {
    guard !bytes.isEmpty else { return }
    try await send(Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + Array("\r\n".utf8))
  }
  func endChunks() async throws { try await send("0\r\n\r\n") }

  /// Sends a request whose body comes in these chunks, and reads its answer.
  func call(_ request: Call, _ chunks: [[UInt8]]) async throws -> Answer {
    try await send(request.head)
    for chunk in chunks { try await sendChunk(chunk) }
    try await endChunks()
    return try await answer()
  }

  func answer() async throws -> Answer {
    var answer = try await head()
    await readBody(&answer)
    return answer
  }

  /// The head of an answer, without its body.
  func head() async throws -> Answer {
    var answer = Answer()
    guard let first = await line() else { throw NoAnswer() }
    answer.status = Int(first.split(separator: " ").dropFirst().first ?? "") ?? 0
    while let line = await line(), !line.isEmpty {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { continue }
      answer.headers[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
    }
    return answer
  }

  func readBody(_ answer: inout Answer) async {
    if let length = answer.headers["content-length"].flatMap({ Int($0) }) {
      while answer.body.count < length, let bytes = await bytes(upTo: length - answer.body.count) {
        answer.body += bytes
      }
      answer.isComplete = answer.body.count == length
      return
    }
    while let size = await line().flatMap({ Int($0, radix: 16) }) {
      let end = answer.body.count + size
      while answer.body.count < end, let bytes = await bytes(upTo: end - answer.body.count) { answer.body += bytes }
      guard await line() != nil else { return }
      answer.isComplete = size == 0
      if size == 0 { return }
    }
  }

  /// Reads what comes for so long; nil when there was no answer.
  func answerWithin(_ time: Duration) async throws -> Answer? {
    let channel = channel
    let timer = Task {
      try await Task.sleep(for: time)
      try await channel.close()
    }
    defer { timer.cancel() }
    return try? await answer()
  }

  /// All that comes until the server closes the connection.
  func rest() async -> [UInt8] {
    var all: [UInt8] = []
    while let bytes = await bytes(upTo: .max) { all += bytes }
    return all
  }

  /// Whether the server closes the connection without another byte.
  func isClosed() async -> Bool { await bytes(upTo: 1) == nil }

  private func line() async -> String? {
    while true {
      let view = buffer.readableBytesView
      if let end = view.firstIndex(of: 10) {
        let line = buffer.readString(length: end - view.startIndex + 1) ?? ""
        return String(line.filter { !$0.isNewline })
      }
      guard await receive() else { return nil }
    }
  }

  private func bytes(upTo count: Int) async -> [UInt8]? {
    if buffer.readableBytes == 0 {
      guard await receive() else { return nil }
    }
    return buffer.readBytes(length: min(count, buffer.readableBytes))
  }

  private func receive() async -> Bool {
    // A reset is an end like any other.
    guard let next = try? await inbound.next() else { return false }
    buffer.discardReadBytes()
    buffer.writeImmutableBuffer(next)
    return true
  }
}
