import Logging
import Synchronization

/// A request on its way: the line that it will leave in the log, and the clock that runs against it.
///
/// The line is written once: by ``end(_:cause:)``, or, when the client went away before its answer was written and
/// nobody else is left to say so, as the last reference goes.
final class Exchange: Sendable {
  let watch: RequestWatch
  private let logger: Logger
  private let start = ContinuousClock.now
  /// Nil once it is written.
  private let line: Mutex<RequestLog?>

  init(_ method: String, _ logger: Logger, _ watch: RequestWatch) {
    (self.logger, self.watch) = (logger, watch)
    line = Mutex(RequestLog(method: method))
  }

  deinit { end(200, cause: "the client went away before its answer") }

  func note(_ change: (inout RequestLog) -> Void) {
    line.withLock { line in
      guard var changed = line.take() else { return }
      change(&changed)
      line = changed
    }
  }

  func end(_ status: Int, cause: String? = nil) {
    guard var line = line.withLock({ $0.take() }) else { return }
    watch.answered()
    let passed = ContinuousClock.now - start
    line.milliseconds = passed.components.seconds &* 1000 &+ passed.components.attoseconds / 1_000_000_000_000_000
    line.status = status
    line.cause = line.cause ?? cause
    line.write(to: logger)
  }
}
