import Synchronization

/// A number that several threads may raise.
final class Tally: Sendable {
  /// The tally of the rows that are made at this moment, on this thread.
  @TaskLocal static var current: Tally?

  private let count = Mutex(0)

  func add() { count.withLock { $0 += 1 } }
  var value: Int { count.withLock { $0 } }
}
