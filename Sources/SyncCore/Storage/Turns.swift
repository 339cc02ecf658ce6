import Synchronization

/// Lets a few in at a time for each key, in the order they came. The others wait without a thread, for a limited time
/// and in limited number (DESIGN, "Who may write").
///
/// One turn per schema makes its writers take turns; as many turns as threads make a pool that can be waited for.
public final class Turns<Key: Hashable & Sendable>: Sendable {
  private struct Waiter {
    let ticket: UInt64
    let alarm: Task<Void, Never>
    let turn: CheckedContinuation<Void, any Error>
  }
  private struct Lane {
    var inside = 0
    var waiting: [Waiter] = []
  }
  private struct State {
    var lanes: [Key: Lane] = [:]
    var lastTicket: UInt64 = 0
  }

  private let width: Int
  private let length: Int
  private let patience: Duration
  private let state = Mutex(State())

  /// - Parameters:
  ///   - width: how many may be inside at once, per key.
  ///   - length: how many may wait, per key.
  ///   - patience: how long each of them waits.
  public init(width: Int = 1, length: Int, patience: Duration) {
    (self.width, self.length, self.patience) = (max(width, 1), length, patience)
  }

  /// How many wait for their turn.
  public func waiting(for key: Key) -> Int { state.withLock { $0.lanes[key]?.waiting.count ?? 0 } }

  /// Does `work` when its turn has come.
  /// - Throws: `unavailable` where too many wait already, or when the patience has run out; `CancellationError` for a
  ///   task that is cancelled while it waits.
  public func take<T: Sendable>(_ key: Key, _ work: () async throws -> T) async throws -> T {
    try await enter(key)
    defer { leave(key) }
    return try await work()
  }

  private func enter(_ key: Key) async throws {
    try Task.checkCancellation()
    guard let ticket = ticketUnlessFree(key) else { return }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { turn in
        wait(key, ticket, turn)
        // A cancellation that came before the ticket was in the line found nothing to take out of it.
        if Task.isCancelled { giveUp(key, ticket, CancellationError()) }
      }
    } onCancel: {
      giveUp(key, ticket, CancellationError())
    }
  }

  /// Goes in where there is room; else draws a ticket for the line.
  private func ticketUnlessFree(_ key: Key) -> UInt64? {
    state.withLock { state in
      if state.lanes[key, default: Lane()].inside < width {
        state.lanes[key, default: Lane()].inside += 1
        return nil
      }
      state.lastTicket &+= 1
      return state.lastTicket
    }
  }

  private func wait(_ key: Key, _ ticket: UInt64, _ turn: CheckedContinuation<Void, any Error>) {
    let answer: Result<Void, any Error>? = state.withLock { state in
      var lane = state.lanes.removeValue(forKey: key) ?? Lane()
      defer { state.lanes[key] = lane }
      if lane.inside < width {
        lane.inside += 1
        return .success(())
      }
      if lane.waiting.count >= length {
        return .failure(StorageError(.unavailable, "too many are waiting for their turn"))
      }
      lane.waiting.append(Waiter(ticket: ticket, alarm: alarm(key, ticket), turn: turn))
      return nil
    }
    if let answer { turn.resume(with: answer) }
  }

  private func alarm(_ key: Key, _ ticket: UInt64) -> Task<Void, Never> {
    Task {
      do { try await Task.sleep(for: patience) } catch { return }
      giveUp(key, ticket, StorageError(.unavailable, "waited too long for a turn"))
    }
  }

  private func giveUp(_ key: Key, _ ticket: UInt64, _ error: any Error) {
    let waiter: Waiter? = state.withLock { state in
      guard let index = state.lanes[key]?.waiting.firstIndex(where: { $0.ticket == ticket }) else { return nil }
      return state.lanes[key]?.waiting.remove(at: index)
    }
    waiter?.alarm.cancel()
    waiter?.turn.resume(throwing: error)
  }

  private func leave(_ key: Key) {
    let next: Waiter? = state.withLock { state in
      guard var lane = state.lanes.removeValue(forKey: key) else { return nil }
      let next = lane.waiting.isEmpty ? nil : lane.waiting.removeFirst()
      if next == nil { lane.inside -= 1 }
      if lane.inside > 0 { state.lanes[key] = lane }
      return next
    }
    next?.alarm.cancel()
    next?.turn.resume()
  }
}
