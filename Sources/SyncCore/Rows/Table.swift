/// The description of a table that every engine works from: made from a row's ``Row/columns(_:)``.
public struct Table: Sendable {
  public enum Kind: Sendable { case integer, text, blob }
  public struct Column: Sendable {
    public let name: StaticString
    public let kind: Kind
  }
  /// A look-up that must not read the whole table.
  public enum Index: Sendable, Equatable {
    /// By `usn`, then key: what ``Selection/changed(since:after:limit:)`` asks.
    case usn
    /// By this integer column: what ``Selection/owned(by:)`` asks. Needed only where it is not the first of the key.
    case owner
  }

  public let name: StaticString
  public let columns: [Column]
  /// How many of the columns, from the first, are the key.
  public let keyCount: Int
  public let indexes: [Index]
  /// The integer column that ``Selection/owned(by:)`` compares; nil where rows have no owner.
  public let owner: StaticString?
  /// Rows that an engine may forget with the power: sync sessions and what they staged (DESIGN, "A sync").
  public let isVolatile: Bool
  /// Rows by the thousand: what a load is fastest with for these is slower for a few.
  public let isLarge: Bool

  public init<R: Row>(
    of row: R.Type, _ name: StaticString, indexes: [Index] = [], owner: StaticString? = nil, isVolatile: Bool = false,
    isLarge: Bool = false
  ) {
    var describer = Describer()
    var empty = R()
    // Describing reads nothing and writes nothing, so it cannot throw.
    try? empty.columns(&describer)
    var keys = Describer()
    var key = R.Key()
    try? key.columns(&keys, describer.columns.map(\.name))
    self.name = name
    columns = describer.columns
    keyCount = keys.columns.count
    self.indexes = indexes
    self.owner = owner
    (self.isVolatile, self.isLarge) = (isVolatile, isLarge)
  }

  public var keyColumns: ArraySlice<Column> { columns.prefix(keyCount) }
}

extension StaticString {
  /// The name as a `String`, for building SQL once per table.
  public var text: String { withUTF8Buffer { String(decoding: $0, as: UTF8.self) } }
}

private struct Describer: ColumnVisitor {
  var columns: [Table.Column] = []

  mutating func integer(_ name: StaticString, _ value: inout Int64) {
    columns.append(.init(name: name, kind: .integer))
  }
  mutating func text(_ name: StaticString, _ value: inout Text) { columns.append(.init(name: name, kind: .text)) }
  mutating func blob(_ name: StaticString, _ value: inout [UInt8]) { columns.append(.init(name: name, kind: .blob)) }
}
