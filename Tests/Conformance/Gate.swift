import Dispatch
import Synchronization

/// Opened once, and waited for by bodies on an engine's thread or by tasks. Nobody waits for ever: a law that an engine
/// breaks ends all the same.
final class Gate: Sendable {
  private let semaphore = DispatchSemaphore(value: 0)
  private let isOpenNow = Mutex(false)

  func open() {
    isOpenNow.withLock { $0 = true }
    semaphore.signal()
  }

  var isOpen: Bool { isOpenNow.withLock { $0 } }

  /// Blocks the thread of an engine.
  /// - Returns: false where the gate stayed closed for that many seconds.
  @discardableResult
  func pass(within seconds: Double = 60) -> Bool {
    guard semaphore.wait(timeout: .now() + seconds) == .success else { return false }
    // For the next one who comes.
    semaphore.signal()
    return true
  }

  /// Waits without a thread of its own.
  func passed(within seconds: Double = 60) async -> Bool {
    let end = ContinuousClock.now.advanced(by: .seconds(seconds))
    while !isOpen, ContinuousClock.now < end { try? await Task.sleep(for: .milliseconds(1)) }
    return isOpen
  }
}

/// Whether `work` ends in time, well or by an error. Work that does not end is left behind.
func finishes(within seconds: Double = 60, _ work: @escaping @Sendable () async throws -> Void) async -> Bool {
  let gate = Gate()
  Task {
    try? await work()
    gate.open()
  }
  return await gate.passed(within: seconds)
}
