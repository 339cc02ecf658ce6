import AnkiFormats
import NIOPosix
import Synchronization

/// What the bodies of all requests and answers share: memory, a folder, contexts, and threads that may block.
final class BodyStore: Sendable {
  let limits: HTTPLimits
  private let threads: NIOThreadPool
  let memory: MemoryBudget
  /// What bodies may hold in files while it is not known who sends them.
  let unclaimed: MemoryBudget
  /// For what is small enough to be packed and unpacked at once.
  let frames = ZstdFrames()
  private let folder: String
  private let lastFile = Atomic<Int>(0)

  /// - Parameters:
  ///   - folder: exists and belongs to this process alone.
  ///   - threads: are running while this is used.
  init(folder: String, threads: NIOThreadPool, limits: HTTPLimits) {
    (self.folder, self.threads, self.limits) = (folder, threads, limits)
    memory = MemoryBudget(bytes: limits.memory)
    unclaimed = MemoryBudget(bytes: limits.unclaimed)
  }

  /// Runs what may block, to its end: also for a task that is cancelled, which has files to remove.
  func onThread<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { waiting in
      threads.submit { state in
        switch state {
        case .active: waiting.resume(with: Result(catching: work))
        case .cancelled: waiting.resume(throwing: CancellationError())
        }
      }
    }
  }

  /// The path of a file that does not exist yet.
  func newPath() -> String { "\(folder)/body-\(lastFile.wrappingAdd(1, ordering: .relaxed).newValue)" }
}
