import NIOCore

/// Work that somebody waits for, first with limited patience and then to its end.
///
/// It is cancelled with whoever waits. If nobody does any more, it goes on to its end.
struct Pending<Value: Sendable>: Sendable {
  private let task: Task<Value, any Error>
  private let loop: any EventLoop
  /// Whether the work had ended when the first of both was told: its end, or the end of the patience.
  private let verdict: EventLoopPromise<Bool>

  /// - Parameter loop: whose thread the work runs on, as far as it does not wait.
  init(on loop: any EventLoop, _ work: @escaping @Sendable () async throws -> Value) {
    let verdict = loop.makePromise(of: Bool.self)
    (self.loop, self.verdict) = (loop, verdict)
    task = Task(executorPreference: LoopExecutor(loop: loop)) {
      defer { verdict.succeed(true) }
      return try await work()
    }
  }

  var value: Value {
    get async throws {
      try await withTaskCancellationHandler {
        try await task.value
      } onCancel: {
        task.cancel()
      }
    }
  }

  /// Waits for the work, once and not for longer than `patience`.
  /// - Returns: whether it has ended.
  func ends(within patience: Duration) async -> Bool {
    let alarm = loop.scheduleTask(in: TimeAmount(patience)) { verdict.succeed(false) }
    defer { alarm.cancel() }
    return await withTaskCancellationHandler {
      // A verdict is never an error.
      (try? await verdict.futureResult.get()) ?? true
    } onCancel: {
      task.cancel()
    }
  }
}
