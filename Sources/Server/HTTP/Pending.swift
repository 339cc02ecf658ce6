/// Work that somebody waits for, first with limited patience and then to its end.
///
/// It is cancelled with whoever waits. If nobody does any more, it goes on to its end.
struct Pending<Value: Sendable>: Sendable {
  private let task: Task<Value, any Error>
  /// Ends when the work does.
  private let ending: AsyncStream<Never>

  init(_ work: @escaping @Sendable () async throws -> Value) {
    let (ending, continuation) = AsyncStream.makeStream(of: Never.self)
    self.ending = ending
    task = Task {
      defer { continuation.finish() }
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
    await withTaskCancellationHandler {
      await withTaskGroup(of: Bool.self) { group in
        group.addTask {
          for await _ in ending {}
          return true
        }
        group.addTask {
          do { try await Task.sleep(for: patience) } catch { return true }
          return false
        }
        let hasEnded = await group.next() ?? true
        group.cancelAll()
        return hasEnded
      }
    } onCancel: {
      task.cancel()
    }
  }
}
