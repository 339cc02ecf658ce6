import SyncCore
import Synchronization

/// Bytes that all requests together may hold in memory. Who asks for more than is left waits in line.
final class MemoryBudget: Sendable {
  private struct Waiter {
    var ticket: Int
    var bytes: Int
    var resume: CheckedContinuation<Void, any Error>
  }
  private struct State {
    var free: Int
    var lastTicket = 0
    var waiters: [Waiter] = []
  }

  private let total: Int
  private let state: Mutex<State>

  init(bytes: Int) {
    total = bytes
    state = Mutex(State(free: bytes))
  }

  /// What nobody holds at this moment.
  var free: Int { state.withLock { $0.free } }

  /// How many wait.
  var waiting: Int { state.withLock { $0.waiters.count } }

  /// Takes what is free at once, or nothing. Those who wait come first.
  func takeNow(_ bytes: Int) -> Bool {
    state.withLock { state in
      guard state.waiters.isEmpty, state.free >= bytes else { return false }
      state.free -= bytes
      return true
    }
  }

  /// Takes `bytes`, never more than there are in all; waits for them in the order of the callers.
  /// - Throws: `unavailable` when the wait takes longer than `patience`; `CancellationError`.
  func take(_ bytes: Int, patience: Duration) async throws {
    let bytes = min(bytes, total)
    if takeNow(bytes) { return }
    let ticket = state.withLock { state in
      state.lastTicket &+= 1
      return state.lastTicket
    }
    let timer = Task {
      try await Task.sleep(for: patience)
      refuse(ticket, SyncError(.unavailable, "too many requests are held in memory"))
    }
    defer { timer.cancel() }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { enqueue(Waiter(ticket: ticket, bytes: bytes, resume: $0)) }
    } onCancel: {
      refuse(ticket, CancellationError())
    }
  }

  func give(_ bytes: Int) {
    let ready = state.withLock { state in
      state.free += bytes
      return Self.admit(&state)
    }
    for waiter in ready { waiter.resume.resume() }
  }

  private func enqueue(_ waiter: Waiter) {
    let ready = state.withLock { state in
      state.waiters.append(waiter)
      // Something may have been given back since the caller looked.
      return Self.admit(&state)
    }
    for waiter in ready { waiter.resume.resume() }
  }

  private func refuse(_ ticket: Int, _ error: any Error) {
    let (refused, ready) = state.withLock { state -> (Waiter?, [Waiter]) in
      guard let index = state.waiters.firstIndex(where: { $0.ticket == ticket }) else { return (nil, []) }
      let refused = state.waiters.remove(at: index)
      return (refused, Self.admit(&state))
    }
    refused?.resume.resume(throwing: error)
    for waiter in ready { waiter.resume.resume() }
  }

  /// Takes those from the front of the line for whom there is enough.
  private static func admit(_ state: inout State) -> [Waiter] {
    var ready: [Waiter] = []
    while let first = state.waiters.first, first.bytes <= state.free {
      state.free -= first.bytes
      ready.append(state.waiters.removeFirst())
    }
    return ready
  }
}
