import CPostgres
import SQLBackend
import SyncCore

/// Statements that are sent one behind the other; their answers are collected when one of them is needed
/// (PostgreSQL's pipeline mode). Where one fails, the server passes over those behind it until the next ``sync()``.
struct Pipeline {
  private typealias Place = StatementCache<String>.Place

  private enum Awaited {
    /// To a statement, which was prepared or not.
    case answer(Place?)
    /// Of the preparation of this statement.
    case preparation(Place)
    /// Whether the server has forgotten the statement of this name.
    case removal(String)
    case sync
  }

  /// As many as a few dozen users need; with its plan each takes the server some 10 to 30 kB.
  static let mostPrepared = 256

  private let handle: OpaquePointer
  private var awaited: [Awaited] = []
  /// The server's names of the statements that it has prepared.
  private var prepared = StatementCache<String>(capacity: Self.mostPrepared)
  /// The names of those that it shall forget.
  private var unneeded: [String] = []
  private var lastName = 0
  private(set) var roundTrips = 0

  init(_ handle: OpaquePointer) { self.handle = handle }

  var isEmpty: Bool { awaited.isEmpty }
  /// How many answers are outstanding.
  var count: Int { awaited.count }

  /// Sends a statement that is needed once.
  mutating func send(_ sql: String) throws {
    try check(PQsendQueryParams(handle, sql, 0, nil, nil, nil, nil, 1))
    awaited.append(.answer(nil))
  }

  /// Sends a statement that this connection will see again.
  mutating func send(_ sql: String, in schema: String = "", _ values: PostgresValues) throws {
    let place = Place(sql, in: schema)
    let name = try prepare(place, values.types)
    try values.withPointers { pointers, lengths in
      let formats = [Int32](repeating: 1, count: pointers.count)
      try check(PQsendQueryPrepared(handle, name, Int32(pointers.count), pointers, lengths, formats, 1))
    }
    awaited.append(.answer(place))
  }

  /// Has the server forget the statements that are unused for longest, where there are many. Belongs at the beginning
  /// of a transaction: then each of them is known to be there.
  mutating func forgetOldest() throws {
    for name in unneeded + prepared.removeOldest() {
      try check(PQsendQueryParams(handle, "DEALLOCATE \(name)", 0, nil, nil, nil, nil, 1))
      awaited.append(.removal(name))
    }
    unneeded = []
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

  private mutating func prepare(_ place: Place, _ types: [Oid]) throws -> String {
    if let name = prepared.find(place) { return name }
    lastName += 1
    let name = "s\(lastName)"
    try check(PQsendPrepare(handle, name, place.text, Int32(types.count), types))
    awaited.append(.preparation(place))
    prepared.put(name, place)
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
    case (PGRES_COMMAND_OK, .answer), (PGRES_TUPLES_OK, .answer): if !failed { try body(result) }
    case (PGRES_COMMAND_OK, _): return
    case (let status, _):
      let isPassedOver = status == PGRES_PIPELINE_ABORTED
      forget(one, isPassedOver)
      if !isPassedOver { throw StorageError(result) }
    }
  }

  /// A statement that has failed may have been prepared for what is there no longer: it is prepared anew.
  private mutating func forget(_ one: Awaited, _ isPassedOver: Bool) {
    switch one {
    case .preparation(let place): prepared.remove(place)
    case .answer(let place?): if !isPassedOver, let name = prepared.remove(place) { unneeded.append(name) }
    case .removal(let name): if isPassedOver { unneeded.append(name) }
    case .answer(nil), .sync: return
    }
  }

  private func check(_ result: Int32) throws {
    guard result == 1 else { throw StorageError(.unavailable, handle) }
  }
}
