import Synchronization

/// Whom a host key belongs to.
struct KeyHolder: Sendable, Equatable {
  let id: Int64
  let name: String
  /// The version of the client that uses it, as it was told last.
  var client = ""
}

/// Host keys that were accepted within the last second, so that a sync does not ask for its account at every step. A
/// revocation in this process empties it; one elsewhere holds when the second is over (invariants.md H13).
final class KeyCache: Sendable {
  /// In milliseconds.
  private static let lifetime: Int64 = 1000
  private static let capacity = 4096

  private struct Entry {
    let holder: KeyHolder
    let since: Int64
  }
  private struct State {
    var entries: [String: Entry] = [:]
    var revocations = 0
  }
  private let state = Mutex(State())

  /// How often the cache was emptied: what is looked up before a revocation must not be remembered after it.
  var revocations: Int { state.withLock { $0.revocations } }

  func holder(of digest: String, at now: Int64) -> KeyHolder? {
    state.withLock { state in
      guard let entry = state.entries[digest], (entry.since..<entry.since &+ Self.lifetime).contains(now) else {
        return nil
      }
      return entry.holder
    }
  }

  /// - Parameters:
  ///   - since: the time before the key was looked up.
  ///   - revocations: their number before the key was looked up.
  func remember(_ digest: String, _ holder: KeyHolder, since: Int64, revocations: Int) {
    state.withLock { state in
      guard state.revocations == revocations else { return }
      if state.entries.count >= Self.capacity { state.entries.removeAll() }
      state.entries[digest] = Entry(holder: holder, since: since)
    }
  }

  func forget(_ digest: String) { state.withLock { _ = $0.entries.removeValue(forKey: digest) } }

  func forgetAll() {
    state.withLock { state in
      state.entries.removeAll()
      state.revocations &+= 1
    }
  }
}
