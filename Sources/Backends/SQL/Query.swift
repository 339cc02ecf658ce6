public import SyncCore

/// A part of a selection as SQL. The values are bound in the order integer, key, limit, as far as they are there.
public struct Query<Key: RowKey>: Sendable {
  public let sql: String
  public var integer: Int64?
  public var key: Key?
  /// Whether the statement ends with a limit.
  public var isLimited = false
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
      return keys.map { Query(sql: row, key: $0) }
    case .page(nil, _):
      return [Query(sql: firstPage, isLimited: true)]
    case .page(let after?, _):
      return [Query(sql: nextPage, key: after, isLimited: true)]
    case .owned(let owner):
      guard let owned else { throw unanswerable(R.table, "owner") }
      return [Query(sql: owned, integer: owner)]
    case .changed(let since, let after, _):
      guard let changed, let sameUSN else { throw unanswerable(R.table, "usn") }
      // Two conditions on (usn, key) at once make some planners read from the beginning.
      guard let after, after.usn >= since else { return [Query(sql: changed, integer: since, isLimited: true)] }
      let rest = Query<R.Key>(sql: sameUSN, integer: after.usn, key: after.key, isLimited: true)
      return after.usn == .max ? [rest] : [rest, Query(sql: changed, integer: after.usn + 1, isLimited: true)]
    }
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
