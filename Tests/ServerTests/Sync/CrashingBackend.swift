import SyncCore
import Synchronization

/// An engine whose process dies after a number of calls: from then on nothing reaches the storage, not even its
/// tidying.
final class CrashingBackend: Backend {
  private let engine: any Backend
  private let left: Atomic<Int>

  init(_ engine: any Backend, after calls: Int) {
    self.engine = engine
    left = Atomic(calls)
  }

  var hasCrashed: Bool { left.load(ordering: .relaxed) < 0 }

  private func live() throws {
    guard left.wrappingSubtract(1, ordering: .relaxed).newValue >= 0 else {
      throw StorageError(.unavailable, "the process is dead")
    }
  }

  func create(_ schema: Schema) async throws {
    try live()
    try await engine.create(schema)
  }
  func drop(_ schema: Schema) async throws {
    try live()
    try await engine.drop(schema)
  }
  func schemas() async throws -> [Schema] {
    try live()
    return try await engine.schemas()
  }
  func close() async {}

  func read<T: Sendable>(
    _ schema: Schema, _ body: @escaping @Sendable (any RowReader) throws -> T
  ) async throws -> T {
    try live()
    return try await engine.read(schema, body)
  }
  func write<T: Sendable>(
    _ schema: Schema, _ durability: Durability, _ body: @escaping @Sendable (any RowStore) throws -> T
  ) async throws -> T {
    try live()
    return try await engine.write(schema, durability, body)
  }
  func load<T: Sendable>(
    _ schema: Schema, _ body: @escaping @Sendable (any RowLoader) throws -> T
  ) async throws -> T {
    try live()
    return try await engine.load(schema, body)
  }
}
