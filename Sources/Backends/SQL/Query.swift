public import SyncCore

/// A part of a selection as SQL.
public struct Query<Key: RowKey>: Sendable {
  public let sql: String
  var integer: Int64?
  var key: Key?
  /// The names that the key's columns are visited with, and how many of them, the first time and so on.
  var keyNames: [StaticString] = []
  var keyLengths = 0...0
  /// Whether the statement ends with a limit.
  var isLimited = false

  /// Visits the values in the order of the statement's parameters.
  public func bind(_ visitor: inout some ColumnVisitor, limit: Int) throws {
    if var integer { try visitor.integer("number", &integer) }
    if var key {
      for length in keyLengths {
        var part = Prefix(visitor: visitor, rest: length)
        try key.columns(&part, keyNames)
        visitor = part.visitor
      }
    }
    guard isLimited else { return }
    var number = Int64(limit)
    try visitor.integer("limit", &number)
  }
}

/// Hands on the first columns alone.
private struct Prefix<Visitor: ColumnVisitor>: ColumnVisitor {
  var visitor: Visitor
  var rest: Int

  private mutating func takes() -> Bool {
    rest -= 1
    return rest >= 0
  }
  mutating func integer(_ name: StaticString, _ value: inout Int64) throws {
    if takes() { try visitor.integer(name, &value) }
  }
  mutating func text(_ name: StaticString, _ value: inout Text) throws {
    if takes() { try visitor.text(name, &value) }
  }
  mutating func blob(_ name: StaticString, _ value: inout [UInt8]) throws {
    if takes() { try visitor.blob(name, &value) }
  }
}

extension TableSQL {
  /// The statements that answer a selection, one after the other, until the limit is reached. Keys are looked up by
  /// ``row``, or by whatever an engine does best.
  /// - Throws: `invalid` where the table has no such column.
  public func queries<R: Row>(_ selection: Selection<R>) throws -> [Query<R.Key>] {
    switch selection {
    case .all:
      return [Query(sql: all)]
    case .keys(let keys):
      return keys.map { Query(sql: row, key: $0, keyNames: keyNames, keyLengths: keyNames.count...keyNames.count) }
    case .page(let after, _):
      return [page(after: after)]
    case .owned(let owner):
      guard let owned else { throw unanswerable(R.table, "owner") }
      return [Query(sql: owned, integer: owner)]
    case .changed(let since, let after, _):
      guard let changed, let sameUSN else { throw unanswerable(R.table, "usn") }
      // Two conditions on (usn, key) at once make some planners read from the beginning.
      guard let after, after.usn >= since else { return [Query(sql: changed, integer: since, isLimited: true)] }
      let rest = Query<R.Key>(
        sql: sameUSN, integer: after.usn, key: after.key, keyNames: keyNames, keyLengths: behindKey, isLimited: true)
      return after.usn == .max ? [rest] : [rest, Query(sql: changed, integer: after.usn + 1, isLimited: true)]
    }
  }

  /// In key order: the first rows, or those behind a key.
  public func page<Key: RowKey>(after: Key?) -> Query<Key> {
    guard let after else { return Query(sql: firstPage, isLimited: true) }
    return Query(sql: nextPage, key: after, keyNames: keyNames, keyLengths: behindKey, isLimited: true)
  }

  private func unanswerable(_ table: Table, _ column: String) -> StorageError {
    StorageError(.invalid, "table \(table.name) has no \(column) to be asked for")
  }
}

extension Selection {
  /// How many rows it may give.
  public var limit: Int {
    switch self {
    case .changed(_, _, let limit), .page(_, let limit): max(limit, 0)
    case .all, .keys, .owned: .max
    }
  }
}

extension RowKey {
  /// Whether a text of the key holds U+0000; then no row has it, and some engines cannot even be asked.
  public func holdsNUL(_ names: [StaticString]) -> Bool {
    var (copy, finder) = (self, NULFinder())
    // The finder throws nothing.
    try? copy.columns(&finder, names)
    return finder.isFound
  }
}

private struct NULFinder: ColumnVisitor {
  var isFound = false

  mutating func integer(_ name: StaticString, _ value: inout Int64) {}
  mutating func text(_ name: StaticString, _ value: inout Text) { isFound = isFound || value.containsNUL }
  mutating func blob(_ name: StaticString, _ value: inout [UInt8]) {}
}
