import Dispatch
import NIOPosix
import Synchronization

/// Waits for the disk for many files at once. A file system with a journal does together what it is asked for together.
enum DiskWaits {
  private static let helpers = 3

  /// Calls `wait` for every item, on the thread of the caller and on others that have nothing else to do. Blocks.
  /// - Throws: the first error; then not all were waited for.
  static func forEach<T: Sendable>(_ items: [T], _ wait: @escaping @Sendable (T) throws -> Void) throws {
    let work = Work(items, wait)
    for _ in 1..<max(1, min(items.count, helpers + 1)) {
      // Whoever comes when all is done finds nothing to do, and nobody waits for it.
      NIOThreadPool.singleton.submit { if case .active = $0 { work.run() } }
    }
    work.run()
    try work.end()
  }

  /// What several threads share out among them.
  private final class Work<T: Sendable>: Sendable {
    private struct State {
      var rest: ArraySlice<T>
      var fault: (any Error)?
    }
    private let state: Mutex<State>
    private let wait: @Sendable (T) throws -> Void
    /// Items that are taken and not done.
    private let taken = DispatchGroup()

    init(_ items: [T], _ wait: @escaping @Sendable (T) throws -> Void) {
      state = Mutex(State(rest: items[...]))
      self.wait = wait
    }

    func run() {
      while let item = take() {
        do { try wait(item) } catch { state.withLock { $0.fault = $0.fault ?? error } }
        taken.leave()
      }
    }

    private func take() -> T? {
      state.withLock { state in
        guard state.fault == nil, let item = state.rest.popFirst() else { return nil }
        taken.enter()
        return item
      }
    }

    /// Called when no item is left to take.
    func end() throws {
      taken.wait()
      if let fault = state.withLock({ $0.fault }) { throw fault }
    }
  }
}
