import Logging
import SyncCore
import Synchronization

/// What one request asked of the storage.
final class StorageTrace: Sendable {
  struct Counts: Sendable {
    var transactions = 0
    /// Calls of a row verb: on an SQL engine at least one statement each.
    var statements = 0
    /// Transactions that were on the disk before they returned.
    var waits = 0
    /// How often a database server was waited for, the accounts' included.
    var roundTrips = 0
  }

  @TaskLocal static var current: StorageTrace?
  private let counts = Mutex(Counts())

  func add(transactions: Int = 0, statements: Int = 0, waits: Int = 0, roundTrips: Int = 0) {
    counts.withLock {
      $0.roundTrips += roundTrips
      $0.transactions += transactions
      $0.statements += statements
      $0.waits += waits
    }
  }

  /// Runs a request and writes a line about it.
  static func around<T>(_ method: String, _ log: Logger, _ body: () async throws -> T) async throws -> T {
    let trace = StorageTrace()
    defer {
      let counts = trace.counts.withLock { $0 }
      log.info(
        "storage",
        metadata: [
          "method": "\(method)", "transactions": "\(counts.transactions)", "statements": "\(counts.statements)",
          "waits": "\(counts.waits)", "round_trips": "\(counts.roundTrips)",
        ])
    }
    return try await $current.withValue(trace) { try await body() }
  }
}

/// Answers as another does, and writes what each request asked of the storage.
struct TracedSync: SyncHandling {
  let service: any SyncHandling
  let log: Logger

  func bodyLimit(_ method: SyncMethod) throws -> Int { try service.bodyLimit(method) }

  func admit(_ head: SyncHead) async throws -> Admission { try await service.admit(head) }

  func respond(to head: SyncHead, _ admission: Admission, body: RequestBody) async throws -> Reply {
    try await StorageTrace.around(head.method.rawValue, log) {
      try await service.respond(to: head, admission, body: body)
    }
  }

  func answerToBrokenBody(_ head: SyncHead, _ problem: SyncError) throws -> Reply? {
    try service.answerToBrokenBody(head, problem)
  }
}

/// Counts what passes through to an engine, for the request that asks.
struct TracedBackend: Backend {
  let engine: any Backend

  func create(_ schema: Schema) async throws { try await engine.create(schema) }
  func drop(_ schema: Schema) async throws { try await engine.drop(schema) }
  func schemas() async throws -> [Schema] { try await engine.schemas() }
  func close() async { await engine.close() }

  func read<T: Sendable>(
    _ schema: Schema, _ body: @escaping @Sendable (any RowReader) throws -> T
  ) async throws -> T {
    let trace = StorageTrace.current
    trace?.add(transactions: 1)
    return try await engine.read(schema) { try body(TracedRows($0, trace)) }
  }

  func read<T: Sendable, U: Sendable>(
    _ first: Schema, _ body: @escaping @Sendable (any RowReader) throws -> T,
    then second: Schema, _ next: @escaping @Sendable (any RowReader, T) throws -> U
  ) async throws -> U {
    let trace = StorageTrace.current
    trace?.add(transactions: 2)
    return try await engine.read(
      first, { try body(TracedRows($0, trace)) }, then: second, { try next(TracedRows($0, trace), $1) })
  }

  func write<T: Sendable>(
    _ schema: Schema, _ durability: Durability, _ body: @escaping @Sendable (any RowStore) throws -> T
  ) async throws -> T {
    let trace = StorageTrace.current
    trace?.add(transactions: 1, waits: durability == .acknowledged ? 1 : 0)
    return try await engine.write(schema, durability) { try body(TracedStore($0, trace)) }
  }

  func load<T: Sendable>(
    _ schema: Schema, _ body: @escaping @Sendable (any RowLoader) throws -> T
  ) async throws -> T {
    StorageTrace.current?.add(transactions: 1, waits: 1)
    return try await engine.load(schema, body)
  }
}

private class TracedRows: RowReader {
  private let rows: any RowReader
  let trace: StorageTrace?

  init(_ rows: any RowReader, _ trace: StorageTrace?) { (self.rows, self.trace) = (rows, trace) }

  func fetch<R: Row>(_ type: R.Type, _ selection: Selection<R>) throws -> [R] {
    trace?.add(statements: 1)
    return try rows.fetch(type, selection)
  }

  func count<R: Row>(_ type: R.Type) throws -> Int {
    trace?.add(statements: 1)
    return try rows.count(type)
  }

  func scan<R: Row>(_ type: R.Type, _ body: (R) throws -> Void) throws {
    trace?.add(statements: 1)
    try rows.scan(type, body)
  }
}

private final class TracedStore: TracedRows, RowStore {
  private let store: any RowStore

  init(_ store: any RowStore, _ trace: StorageTrace?) {
    self.store = store
    super.init(store, trace)
  }

  func upsert<R: Row>(_ rows: [R]) throws {
    trace?.add(statements: 1)
    try store.upsert(rows)
  }

  func delete<R: Row>(_ type: R.Type, _ keys: [R.Key]) throws {
    trace?.add(statements: 1)
    try store.delete(type, keys)
  }

  func clear<R: Row>(_ type: R.Type) throws {
    trace?.add(statements: 1)
    try store.clear(type)
  }
}
