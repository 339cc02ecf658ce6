import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Makes one call over a connection of its own, and says at which step it failed. Follows nothing and repeats nothing:
/// what is between here and the server must show.
struct WebClient: Sendable {
  private typealias Connection = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

  let address: TypedAddress
  /// A PEM file with the authorities to trust; nil: those of the system.
  var authorities: String?

  /// Answers are for people: no more than this is kept, in bytes.
  private static let kept = 4096
  private static let connectPatience = TimeAmount.seconds(10)
  /// How long a body waits for leave that does not come.
  private static let leavePatience = TimeAmount.seconds(3)

  /// - Throws: ``WebFailure``.
  func answer(to call: WebCall) async throws -> WebCall.Answer {
    let start = NIODeadline.now()
    do {
      let connection = try await connect()
      let channel = connection.channel
      let clock = channel.eventLoop.scheduleTask(in: call.patience) { channel.close(promise: nil) }
      defer { clock.cancel() }
      return try await connection.executeThenClose { inbound, outbound in
        try await exchange(call, inbound, outbound, channel.eventLoop)
      }
    } catch {
      throw NIODeadline.now() - start >= call.patience ? WebFailure.silence : Self.failure(error)
    }
  }

  // MARK: Connecting

  /// Without the brackets of IPv6.
  private var host: String { address.name.trimmingBrackets }

  private func connect() async throws -> Connection {
    let tls = address.scheme == "https" ? try NIOSSLContext(configuration: trust) : nil
    return try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .connectTimeout(Self.connectPatience)
      .connect(host: host, port: address.port) { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          if let tls { try pipeline.addHandler(encryption(tls)) }
          try pipeline.addHandler(HTTPRequestEncoder())
          try pipeline.addHandler(
            ByteToMessageHandler(
              HTTPResponseDecoder(leftOverBytesStrategy: .dropBytes, informationalResponseStrategy: .forward)))
          return try Connection(wrappingChannelSynchronously: channel)
        }
      }
  }

  private var trust: TLSConfiguration {
    var configuration = TLSConfiguration.makeClientConfiguration()
    if let authorities { configuration.trustRoots = .file(authorities) }
    return configuration
  }

  private func encryption(_ tls: NIOSSLContext) throws -> NIOSSLClientHandler {
    do { return try NIOSSLClientHandler(context: tls, serverHostname: host) } catch {
      // An IP address is not sent as a name, and is looked for in the certificate all the same.
      return try NIOSSLClientHandler(context: tls, serverHostname: nil)
    }
  }

  private static func failure(_ error: any Error) -> WebFailure {
    switch error {
    case let error as WebFailure: error
    case let error as NIOConnectionError: error.connectionErrors.isEmpty ? .noName : .noConnection
    case is ChannelError: .noConnection
    case let error as NIOSSLError: .noTLS("\(error)")
    case let error as NIOSSLExtraError: .noTLS("\(error)")
    default: .noAnswer
    }
  }

  // MARK: Sending and receiving

  private func exchange(
    _ call: WebCall, _ inbound: NIOAsyncChannelInboundStream<HTTPClientResponsePart>,
    _ outbound: NIOAsyncChannelOutboundWriter<HTTPClientRequestPart>, _ loop: any EventLoop
  ) async throws -> WebCall.Answer {
    let (leave, leaveGiver) = AsyncStream.makeStream(of: Never.self)
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        // A refusal may come, and the connection go, before all is sent.
        try? await send(call, outbound) {
          let timer = loop.scheduleTask(in: Self.leavePatience) { leaveGiver.finish() }
          for await _ in leave {}
          timer.cancel()
        }
      }
      defer { group.cancelAll() }
      return try await receive(inbound, onLeave: { leaveGiver.finish() })
    }
  }

  private func send(
    _ call: WebCall, _ outbound: NIOAsyncChannelOutboundWriter<HTTPClientRequestPart>, waiting: () async -> Void
  ) async throws {
    var head = HTTPRequestHead(version: .http1_1, method: call.method, uri: call.path)
    head.headers.add(name: "host", value: address.hasPort ? "\(address.name):\(address.port)" : address.name)
    head.headers.add(name: "connection", value: "close")
    head.headers.add(name: "user-agent", value: "djankiserv-doctor")
    for (name, value) in call.headers { head.headers.add(name: name, value: value) }
    if call.isChunked {
      head.headers.add(name: "transfer-encoding", value: "chunked")
    } else {
      head.headers.add(name: "content-length", value: "\(call.body.reduce(0) { $0 + $1.count })")
    }
    if call.waits { head.headers.add(name: "expect", value: "100-continue") }
    try await outbound.write(.head(head))
    if call.waits { await waiting() }
    for piece in call.body { try await outbound.write(.body(.byteBuffer(ByteBuffer(bytes: piece)))) }
    try await outbound.write(.end(nil))
  }

  private func receive(
    _ inbound: NIOAsyncChannelInboundStream<HTTPClientResponsePart>, onLeave: () -> Void
  ) async throws -> WebCall.Answer {
    var answer = WebCall.Answer()
    for try await part in inbound {
      switch part {
      case .head(let head) where head.status.code < 200:
        onLeave()
      case .head(let head):
        (answer.status, answer.headers) = (Int(head.status.code), head.headers)
      case .body(let bytes):
        if answer.text.utf8.count < Self.kept { answer.text += String(buffer: bytes).prefix(Self.kept) }
      case .end:
        if answer.status != 0 { return answer }
      }
    }
    guard answer.status != 0 else { throw WebFailure.noAnswer }
    return answer
  }
}

extension String {
  fileprivate var trimmingBrackets: String { hasPrefix("[") ? String(dropFirst().dropLast()) : self }
}
