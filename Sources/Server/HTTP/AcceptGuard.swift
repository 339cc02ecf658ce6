import Logging
import NIOCore

/// Keeps a server accepting when one connection could not be accepted. Without it the first such error, such as too
/// many open files, would end the server.
final class AcceptGuard: ChannelDuplexHandler {
  typealias InboundIn = any Channel
  typealias InboundOut = any Channel
  typealias OutboundIn = Never
  typealias OutboundOut = Never

  private let pause: TimeAmount
  private let logger: Logger
  private var isPausing = false

  /// - Parameter pause: how long nothing is accepted after an error, since it would only fail again.
  init(pause: TimeAmount = .seconds(1), _ logger: Logger) { (self.pause, self.logger) = (pause, logger) }

  static func install(on server: any Channel, pause: TimeAmount = .seconds(1), _ logger: Logger) async throws {
    try await server.eventLoop.submit {
      try server.pipeline.syncOperations.addHandler(AcceptGuard(pause: pause, logger), position: .first)
    }.get()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard !isPausing else { return }
    logger.error("a connection could not be accepted", metadata: ["cause": "\(error)"])
    isPausing = true
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    context.eventLoop.scheduleTask(in: pause) {
      let (handler, context) = bound.value
      handler.isPausing = false
      context.read()
    }
  }

  func read(context: ChannelHandlerContext) {
    if !isPausing { context.read() }
  }
}
