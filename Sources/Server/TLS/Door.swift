import HummingbirdCore
import Logging
import NIOCore
import NIOSSL
import NIOTLS

/// Where connections come in, encrypted if there is a certificate; what is inside sees plain bytes.
struct Door<Base: ServerChildChannel>: ServerChildChannel {
  let base: Base
  /// Nil: plain http.
  let certificate: ServedCertificate?
  /// How long a handshake may take.
  let patience: Duration

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
    channel.eventLoop.makeCompletedFuture {
      let pipeline = channel.pipeline.syncOperations
      try pipeline.addHandler(FirstByte(isTLSExpected: certificate != nil, logger))
      guard let certificate else { return }
      try pipeline.addHandler(NIOSSLServerHandler(context: certificate.context))
      try pipeline.addHandler(HandshakeClock(patience: patience))
    }.flatMap { base.setup(channel: channel, logger: logger) }
  }

  func handle(value: Base.Value, logger: Logger) async { await base.handle(value: value, logger: logger) }
}

/// Looks at the first byte of a connection. Who speaks http where TLS is spoken is told so in plain text; who speaks
/// TLS to plain http could read no answer, so the log tells the operator.
final class FirstByte: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// That of a TLS record with a handshake.
  private static let handshake: UInt8 = 0x16
  private static let refusal: String = {
    let text = "400 this port speaks https: the address must begin with https://\n"
    return "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n"
      + "Content-Length: \(text.utf8.count)\r\n\r\n" + text
  }()

  private let isTLSExpected: Bool
  private let logger: Logger
  private var isRefused = false

  init(isTLSExpected: Bool, _ logger: Logger) { (self.isTLSExpected, self.logger) = (isTLSExpected, logger) }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isRefused, let first = unwrapInboundIn(data).readableBytesView.first else { return }
    let isTLS = first == Self.handshake
    if isTLS != isTLSExpected {
      let (spoken, expected) = isTLS ? ("https", "http") : ("http", "https")
      logger.info(
        "a client speaks \(spoken) to this port, which speaks \(expected)",
        metadata: ["from": "\(context.remoteAddress?.ipAddress ?? "")"])
    }
    guard isTLS || !isTLSExpected else { return refuse(context) }
    context.fireChannelRead(data)
    context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard isRefused, event as? ChannelEvent == .inputClosed else {
      return context.fireUserInboundEventTriggered(event)
    }
    context.close(promise: nil)
  }

  /// Answers, and leaves the rest of what comes unread until the client goes, or its time is up: closed at once, the
  /// connection could break before the answer is read.
  private func refuse(_ context: ChannelHandlerContext) {
    isRefused = true
    let bytes = context.channel.allocator.buffer(string: Self.refusal)
    context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    context.close(mode: .output, promise: nil)
  }
}

/// Ends a connection whose handshake does not end in time.
final class HandshakeClock: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer

  private let patience: TimeAmount
  private var clock: Scheduled<Void>?

  init(patience: Duration) { self.patience = TimeAmount(patience) }

  func handlerAdded(context: ChannelHandlerContext) {
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    clock = context.eventLoop.scheduleTask(in: patience) { bound.value.close(promise: nil) }
  }

  func handlerRemoved(context: ChannelHandlerContext) { clock?.cancel() }

  func channelInactive(context: ChannelHandlerContext) {
    clock?.cancel()
    context.fireChannelInactive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    context.fireUserInboundEventTriggered(event)
    guard case .handshakeCompleted = event as? TLSUserEvent else { return }
    context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
  }
}
