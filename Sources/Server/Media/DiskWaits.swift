import Dispatch
import Foundation
import Synchronization

/// Waits for the disk for many files at once. A file system with a journal does together what it is asked for together:
/// on ext4 that is ten times as fast for the 25 files of an upload as one after the other.
enum DiskWaits {
  private static let threads = 8

  /// Calls `wait` for every item, on the thread of the caller and some more. Blocks.
  /// - Throws: the first error; then not all were waited for.
  static func forEach<T: Sendable>(_ items: [T], _ wait: @escaping @Sendable (T) throws -> Void) throws {
    let work = Work(items, wait)
    let others = DispatchGroup()
    for _ in 1..<max(1, min(items.count, threads)) {
      others.enter()
      Thread.detachNewThread {
        work.run()
        others.leave()
      }
    }
    work.run()
    others.wait()
    if let fault = work.fault { throw fault }
  }

  /// What several threads share out among them.
  private final class Work<T: Sendable>: Sendable {
    private struct State {
      var rest: ArraySlice<T>
      var fault: (any Error)?
    }
    private let state: Mutex<State>
    private let wait: @Sendable (T) throws -> Void

    var fault: (any Error)? { state.withLock { $0.fault } }

    init(_ items: [T], _ wait: @escaping @Sendable (T) throws -> Void) {
      state = Mutex(State(rest: items[...]))
      self.wait = wait
    }

    func run() {
      while let item = state.withLock({ $0.fault == nil ? $0.rest.popFirst() : nil }) {
        do { try wait(item) } catch { state.withLock { $0.fault = $0.fault ?? error } }
      }
    }
  }
}
