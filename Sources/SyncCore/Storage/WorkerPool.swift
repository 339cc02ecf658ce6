import Dispatch
import Foundation
import Synchronization

/// Threads for work that blocks, so that it never blocks the cooperative ones. Each starts when it is first needed;
/// all end with ``close()``.
public final class WorkerPool: Sendable {
  /// Does the work and gives back what is left to do once its thread is free again: telling the one who waits.
  private typealias Job = @Sendable () -> @Sendable () -> Void

  private final class Worker: Sendable {
    let wake = DispatchSemaphore(value: 0)
    let job = Mutex<Job?>(nil)
    let thread = Mutex<pthread_t?>(nil)
  }
  private struct State {
    var idle: [Worker] = []
    var busy = 0
    var isClosed = false
    var closing: [CheckedContinuation<Void, Never>] = []
  }

  // With as many turns as threads, whoever has a turn finds an idle thread or may start one.
  private let turns: Turns<Bool>
  private let state = Mutex(State())

  /// - Parameters:
  ///   - threads: how many may work at once.
  ///   - patience: how long work waits for a thread, before it is refused as `unavailable`.
  public init(threads: Int, patience: Duration) {
    turns = Turns(width: threads, length: .max, patience: patience)
  }

  /// Runs `body` on a thread of the pool. A task that is cancelled says so through the ``Cancellation``; this returns
  /// when the body has ended, not before.
  /// - Throws: what `body` throws; `unavailable` where no thread came free in time, or after ``close()``.
  public func run<T: Sendable>(_ body: @escaping @Sendable (Cancellation) throws -> T) async throws -> T {
    try await turns.take(true) {
      let cancellation = Cancellation()
      return try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { continuation in
          let isOpen = start {
            let result = Result { try body(cancellation) }
            return { continuation.resume(with: result) }
          }
          if !isOpen {
            continuation.resume(throwing: StorageError(.unavailable, "the storage is closed, or has no thread"))
          }
        }
      } onCancel: {
        cancellation.cancel()
      }
    }
  }

  /// Waits for what is running and ends the threads. Later work is refused.
  public func close() async {
    await withCheckedContinuation { continuation in
      let isQuiet = state.withLock { state in
        state.isClosed = true
        if state.busy > 0 { state.closing.append(continuation) }
        return state.busy == 0
      }
      if isQuiet { continuation.resume() }
    }
    let idle = state.withLock { state in
      defer { state.idle = [] }
      return state.idle
    }
    for worker in idle { worker.wake.signal() }
    // They have nothing left to do but to go. What libraries keep for each thread goes with them, and they must not be
    // at that while the process ends and takes down the libraries.
    for worker in idle {
      if let thread = worker.thread.withLock({ $0 }) { pthread_join(thread, nil) }
    }
  }

  /// - Returns: false where the pool is closed.
  private func start(_ job: @escaping Job) -> Bool {
    let (isOpen, idle): (Bool, Worker?) = state.withLock { state in
      guard !state.isClosed else { return (false, nil) }
      state.busy += 1
      return (true, state.idle.popLast())
    }
    guard isOpen else { return false }
    let worker = idle ?? Worker()
    worker.job.withLock { $0 = job }
    if idle != nil {
      worker.wake.signal()
    } else if !begin(worker) {
      for one in leave(nil) { one.resume() }
      return false
    }
    return true
  }

  /// A thread of the system's own making, because Foundation's cannot be waited for.
  /// - Returns: false where there is none to be had.
  private func begin(_ worker: Worker) -> Bool {
    let life = Unmanaged.passRetained(Life { [self] in work(worker) })
    return worker.thread.withLock { thread in
      var new = pthread_t()
      let status = pthread_create(&new, nil, Life.start, life.toOpaque())
      if status == 0 { thread = new } else { life.release() }
      return status == 0
    }
  }

  /// What a thread does from its beginning to its end.
  private final class Life {
    static let start: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { pointer in
      if let pointer { Unmanaged<Life>.fromOpaque(pointer).takeRetainedValue().live() }
      return nil
    }
    private let live: () -> Void

    init(_ live: @escaping () -> Void) { self.live = live }
  }

  private func work(_ worker: Worker) {
    while let job = worker.job.withLock({ $0.take() }) {
      let tell = job()
      // Idle before anybody is told: then the next turn cannot come before the thread that it needs.
      let closing = leave(worker)
      tell()
      for one in closing { one.resume() }
      worker.wake.wait()
    }
  }

  /// - Returns: who wait for the last one to be done.
  private func leave(_ worker: Worker?) -> [CheckedContinuation<Void, Never>] {
    state.withLock { state in
      state.busy -= 1
      if let worker { state.idle.append(worker) }
      guard state.busy == 0 else { return [] }
      defer { state.closing = [] }
      return state.closing
    }
  }
}

/// Whether the task that waits for a piece of blocking work was cancelled.
public final class Cancellation: Sendable {
  private struct State {
    var isCancelled = false
    var interrupt: (@Sendable () -> Void)?
  }
  private let state = Mutex(State())

  public init() {}

  /// - Throws: `CancellationError` once the task is cancelled.
  public func check() throws {
    if state.withLock({ $0.isCancelled }) { throw CancellationError() }
  }

  /// Runs `body`; a cancellation meanwhile calls `interrupt`, from another thread and never after this has returned.
  public func interrupting<T>(with interrupt: @escaping @Sendable () -> Void, _ body: () throws -> T) throws -> T {
    try check()
    state.withLock { $0.interrupt = interrupt }
    defer { state.withLock { $0.interrupt = nil } }
    return try body()
  }

  public func cancel() {
    state.withLock { state in
      state.isCancelled = true
      state.interrupt?()
    }
  }
}
