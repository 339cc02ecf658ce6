import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1

/// Sits between the HTTP parser and hummingbird, and sees to what the latter leaves undone about the heads of requests:
/// they must come in time, `Expect: 100-continue` is answered, and HTTP/1.0 is spoken to clients of that version
/// (compat.md).
final class HeadGuard: ChannelDuplexHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  private let patience: TimeAmount
  /// Runs from the first bytes of a head to its end.
  private var clock: Scheduled<Void>?
  private var isBetweenRequests = true
  /// Whether the bytes that were read last completed something.
  private var sawPart = false
  /// The versions of the requests that are not answered yet, oldest first.
  private var versions: [HTTPVersion] = []

  init(patience: Duration) { self.patience = TimeAmount(patience) }

  func handlerRemoved(context: ChannelHandlerContext) { stopClock() }

  func channelInactive(context: ChannelHandlerContext) {
    stopClock()
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    sawPart = true
    switch unwrapInboundIn(data) {
    case .head(var head):
      stopClock()
      isBetweenRequests = false
      versions.append(head.version)
      if !head.isKeepAlive || !head.version.knowsChunks {
        // Hummingbird ends a connection only for exactly this word.
        head.headers.replaceOrAdd(name: "connection", value: "close")
      }
      if head.waitsForLeave, versions.count == 1 { grantLeave(context) }
      context.fireChannelRead(wrapInboundOut(.head(head)))
    case .body:
      context.fireChannelRead(data)
    case .end:
      isBetweenRequests = true
      context.fireChannelRead(data)
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    // Bytes came and completed nothing: they are the beginning of a head. While an answer is on its way they may as
    // well be the line end that some clients send behind a body, which must not cut it off.
    if isBetweenRequests && versions.isEmpty && !sawPart && clock == nil { startClock(context) }
    sawPart = false
    context.fireChannelReadComplete()
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(var head):
      if versions.first?.knowsChunks == false {
        // Of an unknown length the answer ends with the connection.
        head.version = .http1_0
        head.headers.replaceOrAdd(name: "connection", value: "close")
      }
      context.write(wrapOutboundOut(.head(head)), promise: promise)
    case .body:
      context.write(data, promise: promise)
    case .end:
      if !versions.isEmpty { versions.removeFirst() }
      context.write(data, promise: promise)
    }
  }

  private func grantLeave(_ context: ChannelHandlerContext) {
    let head = HTTPResponseHead(version: .http1_1, status: .continue)
    context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
  }

  private func startClock(_ context: ChannelHandlerContext) {
    let context = NIOLoopBound(context, eventLoop: context.eventLoop)
    clock = context.value.eventLoop.scheduleTask(in: patience) { context.value.close(promise: nil) }
  }

  private func stopClock() {
    clock?.cancel()
    clock = nil
  }
}

extension HTTPRequestHead {
  /// Whether the client sends its body only when it is told to.
  fileprivate var waitsForLeave: Bool {
    version.knowsChunks && headers[canonicalForm: "expect"].contains { $0.lowercased() == "100-continue" }
  }
}

extension HTTPVersion {
  fileprivate var knowsChunks: Bool { (major, minor) >= (1, 1) }
}

/// Hummingbird's HTTP/1.1 connection with a ``HeadGuard``.
struct GuardedChannel: ServerChildChannel {
  private let http: HTTP1Channel
  private let patience: Duration

  init(responder: @escaping HTTPChannelHandler.Responder, _ limits: HTTPLimits) {
    http = HTTP1Channel(responder: responder, configuration: .init(idleTimeout: TimeAmount(limits.idle)))
    patience = limits.head
  }

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
    http.setup(channel: channel, logger: logger).flatMapThrowing { [patience] value in
      let pipeline = channel.pipeline.syncOperations
      let parser = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
      try pipeline.addHandler(HeadGuard(patience: patience), position: .after(parser))
      return value
    }
  }

  func handle(value: HTTP1Channel.Value, logger: Logger) async { await http.handle(value: value, logger: logger) }
}
