/// Which rows to fetch. Closed, so that an engine from outside knows them all.
public enum Selection<R: Row>: Sendable {
  /// Every row, in key order. For small tables only: a table without bound is for ``RowReader/scan(_:_:)``.
  case all
  /// The rows with these keys, in any order; a key without a row is left out, one given twice is answered once.
  case keys([R.Key])
  /// Rows with `usn >= since` in (usn, key) order, behind the cursor, at most `limit`.
  case changed(since: Int64, after: ChangeCursor<R.Key>?, limit: Int)
  /// The rows whose ``Table/owner`` column is this, in key order.
  case owned(by: Int64)
  /// Rows in key order behind a key, at most `limit`.
  case page(after: R.Key?, limit: Int)
}

/// A place in the (usn, key) order of a table.
public struct ChangeCursor<Key: RowKey>: Sendable, Equatable {
  public var usn: Int64
  public var key: Key

  /// Before every row.
  public init() where Key == Int64 { (usn, key) = (-1, .min) }
  public init(usn: Int64, key: Key) { (self.usn, self.key) = (usn, key) }
}
