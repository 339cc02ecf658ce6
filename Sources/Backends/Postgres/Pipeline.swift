import CPostgres
import SyncCore

/// Statements that are sent one behind the other; their answers are collected when one of them is needed
/// (PostgreSQL's pipeline mode). Where one fails, the server passes over those behind it until the next ``sync()``.
struct Pipeline {
  private enum Awaited {
    case answer
    /// Of the preparation of this statement.
    case preparation(String)
    case sync
  }

  private let handle: OpaquePointer
  private var awaited: [Awaited] = []
  /// The server's names of the statements that it has prepared, by their text.
  private var prepared: [String: String] = [:]
  private var lastName = 0
  private(set) var roundTrips = 0

  init(_ handle: OpaquePointer) { self.handle = handle }

  var isEmpty: Bool { awaited.isEmpty }
  /// How many answers are outstanding.
  var count: Int { awaited.count }

  /// Sends a statement that is needed once.
  mutating func send(_ sql: String) throws {
    try check(PQsendQueryParams(handle, sql, 0, nil, nil, nil, nil, 1))
    awaited.append(.answer)
  }

  /// Sends a statement that this connection will see again.
  mutating func send(_ sql: String, _ values: PostgresValues) throws {
    let name = try prepare(sql, values.types)
    try values.withPointers { pointers, lengths in
      let formats = [Int32](repeating: 1, count: pointers.count)
      try check(PQsendQueryPrepared(handle, name, Int32(pointers.count), pointers, lengths, formats, 1))
    }
    awaited.append(.answer)
  }

  /// Ends what fails and succeeds together, and lets the server begin.
  mutating func sync() throws {
    try check(PQpipelineSync(handle))
    awaited.append(.sync)
  }

  /// Waits for every answer.
  /// - Parameter body: gets each but those of preparations, in order; the error of the first that failed is thrown in
  ///   the end, or what `body` threw.
  mutating func collect(_ body: (PostgresResult) throws -> Void = { _ in }) throws {
    if case .sync? = awaited.last {} else { try sync() }
    roundTrips += 1
    var failure: (any Error)?
    for one in awaited {
      do { try take(one, failed: failure != nil, body) } catch { failure = failure ?? error }
      guard PQstatus(handle) == CONNECTION_OK else { throw failure ?? StorageError(.unavailable, handle) }
    }
    awaited = []
    if let failure { throw failure }
  }

  /// Takes the answers that nobody has asked for, as far as they are there.
  mutating func collectWhatIsThere() {
    while let first = awaited.first, PQconsumeInput(handle) == 1, PQisBusy(handle) == 0 {
      try? take(first, failed: false) { _ in }
      awaited.removeFirst()
    }
  }

  private mutating func prepare(_ sql: String, _ types: [Oid]) throws -> String {
    if let name = prepared[sql] { return name }
    lastName += 1
    let name = "s\(lastName)"
    try check(PQsendPrepare(handle, name, sql, Int32(types.count), types))
    awaited.append(.preparation(sql))
    prepared[sql] = name
    return name
  }

  private mutating func take(_ one: Awaited, failed: Bool, _ body: (PostgresResult) throws -> Void) throws {
    guard let pointer = PQgetResult(handle) else { throw StorageError(.unavailable, handle) }
    let result = PostgresResult(pointer)
    if case .sync = one {
      guard result.status == PGRES_PIPELINE_SYNC else { throw StorageError(result) }
      return
    }
    // The end of the answers to one statement.
    while let more = PQgetResult(handle) { PQclear(more) }
    switch (result.status, one) {
    case (PGRES_COMMAND_OK, .preparation), (PGRES_TUPLES_OK, .preparation): return
    case (PGRES_COMMAND_OK, _), (PGRES_TUPLES_OK, _): if !failed { try body(result) }
    case (let status, .preparation(let sql)):
      prepared[sql] = nil
      if status != PGRES_PIPELINE_ABORTED { throw StorageError(result) }
    case (PGRES_PIPELINE_ABORTED, _): return
    default: throw StorageError(result)
    }
  }

  private func check(_ result: Int32) throws {
    guard result == 1 else { throw StorageError(.unavailable, handle) }
  }
}
