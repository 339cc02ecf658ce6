import SyncCore
import Synchronization

/// An engine in front of which something happens before a certain transaction.
final class HookedMediaBackend: Backend {
  private let engine: any Backend
  private let hook: @Sendable (any Backend) async throws -> Void
  private let left: Atomic<Int>

  /// - Parameter number: how many transactions come first.
  init(_ engine: any Backend, before number: Int, _ hook: @escaping @Sendable (any Backend) async throws -> Void) {
    (self.engine, self.hook) = (engine, hook)
    left = Atomic(number)
  }

  private func pass() async throws {
    if left.wrappingSubtract(1, ordering: .relaxed).oldValue == 0 { try await hook(engine) }
  }

  func create(_ schema: Schema) async throws { try await engine.create(schema) }
  func drop(_ schema: Schema) async throws { try await engine.drop(schema) }
  func schemas() async throws -> [Schema] { try await engine.schemas() }
  func close() async {}

  func read<T: Sendable>(
    _ schema: Schema, _ body: @escaping @Sendable (any RowReader) throws -> T
  ) async throws -> T {
    try await pass()
    return try await engine.read(schema, body)
  }
  func write<T: Sendable>(
    _ schema: Schema, _ durability: Durability, _ body: @escaping @Sendable (any RowStore) throws -> T
  ) async throws -> T {
    try await pass()
    return try await engine.write(schema, durability, body)
  }
  func load<T: Sendable>(
    _ schema: Schema, _ body: @escaping @Sendable (any RowLoader) throws -> T
  ) async throws -> T { try await engine.load(schema, body) }
}
