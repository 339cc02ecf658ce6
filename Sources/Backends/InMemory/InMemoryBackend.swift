public import SyncCore
import Synchronization

extension BackendFactory {
  /// Keeps everything in the memory of this process, and nothing beyond it.
  public static let memory = BackendFactory(
    name: "memory", aliases: ["inmemory", "in-memory"], isWithinProcess: true
  ) { settings in InMemoryBackend(settings) }
}

/// The reference engine: each schema is a value. A read looks at the value of its moment, a write changes a copy that
/// takes the place of the value when the body has ended well.
final class InMemoryBackend: Backend {
  private let states = Mutex<[Schema: MemoryState]>([:])
  private let writers: Turns<Schema>
  private let pool: WorkerPool

  init(_ settings: StorageSettings) {
    let patience = Duration.seconds(settings.patience)
    writers = Turns(length: settings.queue, patience: patience)
    pool = WorkerPool(threads: settings.threads, patience: .seconds(settings.threadPatience))
  }

  func create(_ schema: Schema) async throws {
    try await alone(schema) { [self] _ in
      states.withLock { states in
        if states[schema] == nil { states[schema] = MemoryState() }
      }
    }
  }

  func drop(_ schema: Schema) async throws {
    try await alone(schema) { [self] _ in states.withLock { $0[schema] = nil } }
  }

  func schemas() async throws -> [Schema] {
    try await pool.run { [self] _ in states.withLock { Array($0.keys) } }
  }

  func read<T: Sendable>(
    _ schema: Schema, _ body: @escaping @Sendable (any RowReader) throws -> T
  ) async throws -> T {
    try await pool.run { [self] cancellation in
      let value = try body(MemoryTransaction(try state(of: schema), cancellation))
      try cancellation.check()
      return value
    }
  }

  func write<T: Sendable>(
    _ schema: Schema, _ durability: Durability, _ body: @escaping @Sendable (any RowStore) throws -> T
  ) async throws -> T {
    try await alone(schema) { [self] cancellation in
      let before = try state(of: schema)
      if schema.kind == .collection { try before.checkSeal() }
      return try keep(schema, MemoryTransaction(before, cancellation), body)
    }
  }

  func load<T: Sendable>(
    _ schema: Schema, _ body: @escaping @Sendable (any RowLoader) throws -> T
  ) async throws -> T {
    try await alone(schema) { [self] cancellation in
      let isTaken = states.withLock { $0[schema] != nil }
      guard !isTaken else { throw StorageError(.conflict, "\(schema) is there already") }
      return try keep(schema, MemoryTransaction(MemoryState(), cancellation), body)
    }
  }

  func close() async { await pool.close() }

  /// Runs `body` and lets what it has made take the schema's place.
  private func keep<T>(
    _ schema: Schema, _ transaction: MemoryTransaction, _ body: (MemoryTransaction) throws -> T
  ) throws -> T {
    let value = try body(transaction)
    try transaction.finish()
    states.withLock { $0[schema] = transaction.state }
    return value
  }

  private func state(of schema: Schema) throws -> MemoryState {
    guard let state = states.withLock({ $0[schema] }) else { throw StorageError(.notFound, "no \(schema)") }
    return state
  }

  /// Runs `body` when it is its turn among those who change the schema.
  private func alone<T: Sendable>(
    _ schema: Schema, _ body: @escaping @Sendable (Cancellation) throws -> T
  ) async throws -> T {
    try await writers.take(schema) { try await pool.run(body) }
  }
}
