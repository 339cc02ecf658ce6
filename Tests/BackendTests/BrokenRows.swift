import Dispatch
import SyncCore
import Synchronization

/// Reads with a fault.
class BrokenReader: RowReader {
  private let inner: any RowReader
  fileprivate let fault: Fault

  init(_ inner: any RowReader, _ fault: Fault) { (self.inner, self.fault) = (inner, fault) }

  func fetch<R: Row>(_ type: R.Type, _ selection: Selection<R>) throws -> [R] {
    do {
      let rows = try inner.fetch(type, try spoiled(selection))
      return try spoiled(rows, selection)
    } catch let error as StorageError where fault == .answersNothing && error.code == .invalid {
      return []
    }
  }

  func count<R: Row>(_ type: R.Type) throws -> Int { try inner.count(type) + (fault == .miscounts ? 1 : 0) }

  func scan<R: Row>(_ type: R.Type, _ body: (R) throws -> Void) throws {
    var (rows, failure, seen): ([R], (any Error)?, Int) = ([], nil, 0)
    try inner.scan(type) { row in
      seen += 1
      switch fault {
      case .scanCollects: rows.append(row)
      case .scanSkips where seen % 1_000 == 0: break
      case .scanGoesOn: do { try body(row) } catch { failure = error }
      default: try body(row)
      }
    }
    for row in rows { try body(row) }
    if let failure { throw failure }
  }

  private func spoiled<R: Row>(_ selection: Selection<R>) throws -> Selection<R> {
    switch (fault, selection) {
    case (.ignoresSince, .changed(_, let after, let limit)): .changed(since: .min, after: after, limit: limit)
    case (.skipsTies, .changed(_, let after?, let limit)) where after.usn < .max:
      .changed(since: after.usn + 1, after: nil, limit: limit)
    case (.zeroIsNoLimit, .changed(let since, let after, ...0)): .changed(since: since, after: after, limit: .max)
    case (.ignoresOwner, .owned): .all
    case (.refusesNULKeys, .keys(let keys)) where keys.contains { ($0 as? Text)?.containsNUL ?? false }:
      throw StorageError(.invalid, "a NUL in a key")
    default: selection
    }
  }

  private func spoiled<R: Row>(_ rows: [R], _ selection: Selection<R>) throws -> [R] {
    switch (fault, selection) {
    case (.reversesOrder, .all): rows.reversed()
    case (.answersTwice, .keys): rows + rows
    case (.ordersByKey, .changed): rows.sorted { $0.key < $1.key }
    case (.repeatsPageKey, .page(let after?, _)): try inner.fetch(R.self, .keys([after])) + rows.dropLast()
    case (.ordersAsWords, _): rows.sorted { "\($0.key)" < "\($1.key)" }
    default: rows
    }
  }
}

/// Writes with a fault.
final class BrokenStore: BrokenReader, RowStore {
  private let store: any RowStore

  init(_ inner: any RowStore, _ fault: Fault) {
    store = inner
    super.init(inner, fault)
  }

  func upsert<R: Row>(_ rows: [R]) throws {
    try checkEmpty(rows)
    var rows = rows
    if fault == .cutsBatches { rows = Array(rows.prefix(1_000)) }
    if fault == .firstRowWins { rows = try rows.filter { try store.first(R.self, $0.key) == nil } }
    for index in rows.indices {
      var spoiler = Spoiler(fault: fault)
      try rows[index].columns(&spoiler)
    }
    if fault == .forgivesNUL, rows.contains(where: { ($0 as? Note)?.flds.containsNUL ?? false }) {
      throw StorageError(.invalid, "a NUL")
    }
    try store.upsert(rows)
  }

  func delete<R: Row>(_ type: R.Type, _ keys: [R.Key]) throws {
    try checkEmpty(keys)
    let more = fault == .deletesMore ? try store.fetch(type, .page(after: nil, limit: 1)) : []
    try store.delete(type, keys + more.map(\.key))
  }

  func clear<R: Row>(_ type: R.Type) throws {
    try store.clear(type)
    guard fault == .clearsAll else { return }
    for other in Schema.Kind.collection.rows { try store.clear(other) }
  }

  private func checkEmpty<T>(_ list: [T]) throws {
    if fault == .refusesEmptyLists, list.isEmpty { throw StorageError(.invalid, "an empty list") }
  }
}

/// Changes the columns of what is stored.
private struct Spoiler: ColumnVisitor {
  let fault: Fault

  mutating func integer(_ name: StaticString, _ value: inout Int64) {
    if fault == .cutsIntegers { value = Int64(Int32(truncatingIfNeeded: value)) }
    if fault == .ignoresSeals, name.text == "successor" { value = 0 }
  }

  mutating func text(_ name: StaticString, _ value: inout Text) {
    let string = value.string
    switch fault {
    case .padsEmptyTexts: value = value.isEmpty ? " " : value
    case .foldsCase: value = Text(string.lowercased())
    case .composes: value = Text(string.replacing("e\u{301}", with: "é"))
    case .trims: value = Text(string.hasSuffix(" ") ? String(string.dropLast()) : string)
    case .losesEmoji:
      value = Text(String(String.UnicodeScalarView(string.unicodeScalars.filter { $0.value < 0x10000 })))
    case .keepsNUL: value = Text(String(String.UnicodeScalarView(string.unicodeScalars.filter { $0.value > 0 })))
    case .cutsValues: value = Text(String(string.prefix(65_535)))
    default: break
    }
  }

  mutating func blob(_ name: StaticString, _ value: inout [UInt8]) {
    if fault == .losesBlobs { value = [] }
    if fault == .cutsValues { value = Array(value.prefix(65_535)) }
  }
}

/// Keeps the changes for later, and does not see them meanwhile.
final class LateStore: RowStore {
  typealias Change = @Sendable (any RowStore) throws -> Void
  private let inner: any RowReader
  private(set) var changes: [Change] = []

  init(_ inner: any RowReader) { self.inner = inner }

  func fetch<R: Row>(_ type: R.Type, _ selection: Selection<R>) throws -> [R] { try inner.fetch(type, selection) }
  func count<R: Row>(_ type: R.Type) throws -> Int { try inner.count(type) }
  func scan<R: Row>(_ type: R.Type, _ body: (R) throws -> Void) throws { try inner.scan(type, body) }
  func upsert<R: Row>(_ rows: [R]) { changes.append { try $0.upsert(rows) } }
  func delete<R: Row>(_ type: R.Type, _ keys: [R.Key]) { changes.append { try $0.delete(type, keys) } }
  func clear<R: Row>(_ type: R.Type) { changes.append { try $0.clear(type) } }
}

/// Looks anew with every call.
final class LiveReader: RowReader {
  private let backend: any Backend
  private let schema: Schema

  init(_ backend: any Backend, _ schema: Schema) { (self.backend, self.schema) = (backend, schema) }

  func fetch<R: Row>(_ type: R.Type, _ selection: Selection<R>) throws -> [R] {
    try now { try $0.fetch(type, selection) }
  }
  func count<R: Row>(_ type: R.Type) throws -> Int { try now { try $0.count(type) } }
  func scan<R: Row>(_ type: R.Type, _ body: (R) throws -> Void) throws {
    for row in try fetch(type, .all) { try body(row) }
  }

  /// Blocks this thread of the engine until another one has answered.
  private func now<T: Sendable>(_ body: @escaping @Sendable (any RowReader) throws -> T) throws -> T {
    let answer = Answer<T>()
    Task { [backend, schema] in
      do { answer.give(.success(try await backend.read(schema, body))) } catch { answer.give(.failure(error)) }
    }
    return try answer.wait()
  }
}

private final class Answer<T: Sendable>: Sendable {
  private let result = Mutex<Result<T, any Error>?>(nil)
  private let isThere = DispatchSemaphore(value: 0)

  func give(_ answer: Result<T, any Error>) {
    result.withLock { $0 = answer }
    isThere.signal()
  }

  func wait() throws -> T {
    isThere.wait()
    guard let answer = result.withLock({ $0 }) else { throw StorageError(.unavailable, "no answer") }
    return try answer.get()
  }
}

/// Loads into a schema that everybody sees.
final class UpsertingLoader: RowLoader {
  private let store: any RowStore

  init(_ store: any RowStore) { self.store = store }
  func append<R: Row>(_ rows: [R]) throws { try store.upsert(rows) }
}

/// Loads every second batch.
final class ForgettingLoader: RowLoader {
  private let inner: any RowLoader
  private var forgets = true

  init(_ inner: any RowLoader) { self.inner = inner }
  func append<R: Row>(_ rows: [R]) throws {
    forgets.toggle()
    if !forgets { try inner.append(rows) }
  }
}
