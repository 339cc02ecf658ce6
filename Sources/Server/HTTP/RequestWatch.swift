import NIOCore
import Synchronization

/// The clock that runs against one request: closes its connection when the body pauses for too long or when the whole
/// takes too long (DESIGN, "Bounds").
final class RequestWatch: Sendable {
  private struct State {
    /// When the last piece of the body came; nil while none is expected.
    var lastPiece: NIODeadline?
    var isOver = false
    var timer: Scheduled<Void>?
  }

  private let channel: any Channel
  private let pause: TimeAmount
  private let end: NIODeadline
  private let state: Mutex<State>

  init(_ channel: any Channel, _ limits: HTTPLimits, now: NIODeadline = .now()) {
    self.channel = channel
    pause = TimeAmount(limits.bodyPause)
    end = now + TimeAmount(limits.request)
    state = Mutex(State(lastPiece: now))
    schedule(now + pause)
  }

  func pieceCame() { state.withLock { $0.lastPiece = .now() } }
  func bodyEnded() { state.withLock { $0.lastPiece = nil } }

  /// The request is answered. Where its body was not read to the end the clock goes on, against who keeps sending.
  func answered() {
    let timer = state.withLock { state -> Scheduled<Void>? in
      guard state.lastPiece == nil else { return nil }
      state.isOver = true
      return state.timer.take()
    }
    timer?.cancel()
  }

  private func schedule(_ time: NIODeadline) {
    let timer = channel.eventLoop.scheduleTask(deadline: min(time, end)) { self.check(.now()) }
    let isLate = state.withLock { state in
      guard !state.isOver else { return true }
      state.timer = timer
      return false
    }
    if isLate { timer.cancel() }
  }

  private func check(_ now: NIODeadline) {
    let next: NIODeadline? = state.withLock { state in
      guard !state.isOver else { return end }
      let limit = state.lastPiece.map { min($0 + pause, end) } ?? end
      return limit > now ? limit : nil
    }
    guard let next else { return channel.close(promise: nil) }
    if next > now { schedule(next) }
  }
}
