import Dispatch
import Foundation

/// What one thread hands to another, in its order. Only a few things are under way: whoever is faster waits for the
/// other.
///
/// Unchecked: everything is read and changed under the lock of the condition, and who has given something away does not
/// touch it any more.
public final class Handover<Item>: @unchecked Sendable {
  private let capacity: Int
  private let condition = NSCondition()
  private var items: [(item: Item, weight: Int)] = []
  private var weight = 0
  private var end: Result<Void, any Error>?
  private var isAbandoned = false

  /// - Parameter capacity: the weight that may be under way.
  public init(capacity: Int = 4) { self.capacity = max(capacity, 1) }

  /// Waits for room, and hands it over. What is heavier than the capacity goes alone.
  /// - Throws: `CancellationError` where nobody takes anything any more.
  public func give(_ item: Item, weight: Int = 1) throws {
    let weight = min(max(weight, 1), capacity)
    try locked {
      while self.weight + weight > capacity, !isAbandoned { condition.wait() }
      if isAbandoned { throw CancellationError() }
      items.append((item, weight))
      self.weight += weight
    }
  }

  /// Nothing more is given; whoever takes hears of the failure behind what was given before.
  public func end(_ result: Result<Void, any Error>) { locked { end = end ?? result } }

  /// Takes everything until the other side has ended. Where this throws, the other side is stopped.
  /// - Throws: what the other side has ended with, or `body`.
  public func drain(_ body: (Item) throws -> Void) throws {
    do {
      while let item = try next() { try body(item) }
    } catch {
      abandon()
      throw error
    }
  }

  /// Nobody takes anything any more.
  public func abandon() {
    locked {
      isAbandoned = true
      items = []
    }
  }

  private func next() throws -> Item? {
    try locked {
      while items.isEmpty, end == nil { condition.wait() }
      guard items.isEmpty else {
        let first = items.removeFirst()
        weight -= first.weight
        return first.item
      }
      try end?.get()
      return nil
    }
  }

  private func locked<T>(_ body: () throws -> T) rethrows -> T {
    condition.lock()
    defer {
      condition.broadcast()
      condition.unlock()
    }
    return try body()
  }
}

// MARK: A second thread

extension Handover {
  /// Runs `give` on a thread of its own and `take` on this one, and returns when both have ended.
  /// - Throws: what `take` throws, to whom an error of the other side comes through ``drain(_:)``.
  public static func run<T>(
    giving give: @escaping (Handover) throws -> T, taking take: (Handover) throws -> Void
  ) throws -> T {
    let handover = Handover()
    let giver = SideThread { try handover.ending { try give(handover) } }
    let taken = Result { try take(handover) }
    if case .failure = taken { handover.abandon() }
    let given = giver.wait()
    try taken.get()
    return try given.get()
  }

  /// Runs `take` on a thread of its own and `give` on this one, and returns when both have ended.
  /// - Throws: what `take` throws, to whom an error of the other side comes through ``drain(_:)``.
  public static func run<T>(
    taking take: @escaping (Handover) throws -> Void, giving give: (Handover) throws -> T
  ) throws -> T {
    let handover = Handover()
    let taker = SideThread {
      // Also where it ends early without a word.
      defer { handover.abandon() }
      try take(handover)
    }
    let given = Result { try handover.ending { try give(handover) } }
    try taker.wait().get()
    return try given.get()
  }

  private func ending<T>(_ body: () throws -> T) throws -> T {
    let result = Result { try body() }
    end(result.map { _ in })
    return try result.get()
  }
}

/// A thread that does one thing, and is waited for.
///
/// Unchecked: the result is written before it is waited for.
private final class SideThread<T>: @unchecked Sendable {
  private let done = DispatchSemaphore(value: 0)
  private var result: Result<T, any Error>?

  init(_ body: @escaping () throws -> T) {
    nonisolated(unsafe) let body = body
    Thread { [self] in
      result = Result { try body() }
      done.signal()
    }.start()
  }

  func wait() -> Result<T, any Error> {
    done.wait()
    return result ?? .failure(CancellationError())
  }
}
