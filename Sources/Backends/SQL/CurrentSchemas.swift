import SyncCore
import Synchronization

/// The schemas that this process has seen at their newest version. Only what it spares is lost with it: looking.
final class CurrentSchemas: Sendable {
  private static let most = 10_000
  private let seen = Mutex<Set<Schema>>([])

  func contains(_ schema: Schema) -> Bool { seen.withLock { $0.contains(schema) } }

  func insert(_ schema: Schema) {
    seen.withLock { seen in
      if seen.count >= Self.most { seen.removeAll() }
      seen.insert(schema)
    }
  }

  func remove(_ schema: Schema) { _ = seen.withLock { $0.remove(schema) } }
}
