import SyncCore

/// Where passwords are hashed. One hash holds a core and 19 MiB for a fiftieth of a second, so few are made at once,
/// on threads of their own; some may wait, and more are refused (DESIGN, "Bounds").
struct PasswordHasher: Sendable {
  private let turns: Turns<Bool>
  private let pool: WorkerPool

  /// - Parameters:
  ///   - threads: how many may be made at once.
  ///   - waiting: how many more may wait.
  ///   - patience: how long each of them waits.
  init(threads: Int, waiting: Int, patience: Duration = .seconds(20)) {
    turns = Turns(width: threads, length: waiting, patience: patience)
    pool = WorkerPool(threads: max(threads, 1), patience: patience)
  }

  /// Runs `work` on a thread that it may block.
  /// - Throws: what `work` throws; `unavailable` where too many wait.
  func run<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
    try await turns.take(true) {
      try await pool.run { _ in try work() }
    }
  }
}
