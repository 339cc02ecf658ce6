import SyncCore

/// A backend at which something happens before a schema is made.
struct HookedBackend: Backend {
  let inner: any Backend
  let beforeCreate: @Sendable () async throws -> Void

  func create(_ schema: Schema) async throws {
    try await beforeCreate()
    try await inner.create(schema)
  }
  func drop(_ schema: Schema) async throws { try await inner.drop(schema) }
  func schemas() async throws -> [Schema] { try await inner.schemas() }
  func read<T: Sendable>(_ schema: Schema, _ body: @escaping @Sendable (any RowReader) throws -> T) async throws -> T {
    try await inner.read(schema, body)
  }
  func write<T: Sendable>(
    _ schema: Schema, _ durability: Durability, _ body: @escaping @Sendable (any RowStore) throws -> T
  ) async throws -> T { try await inner.write(schema, durability, body) }
  func load<T: Sendable>(_ schema: Schema, _ body: @escaping @Sendable (any RowLoader) throws -> T) async throws -> T {
    try await inner.load(schema, body)
  }
  func close() async { await inner.close() }
}
