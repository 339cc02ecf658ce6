/// Something a user owns, stored as one row of one table.
///
/// A row describes itself once, in ``columns(_:)``. Tables, SQL, the collection file, the wire's arrays and the
/// round-trip tests all come from that description, so a new noun is a new row and never a new method of storage.
public protocol Row: Sendable, Equatable {
  associatedtype Key: RowKey
  /// Name, columns and indexes; made once by `Table(of:)`.
  static var table: Table { get }
  /// A row with every column at zero or empty, to be filled by a decoding visitor.
  init()
  var key: Key { get }
  /// Visits every column, in order. The columns of the key come first.
  mutating func columns(_ visitor: inout some ColumnVisitor) throws
}

/// Reads or writes the columns of a row, one call per column in declared order.
public protocol ColumnVisitor {
  mutating func integer(_ name: StaticString, _ value: inout Int64) throws
  mutating func text(_ name: StaticString, _ value: inout Text) throws
  mutating func blob(_ name: StaticString, _ value: inout [UInt8]) throws
}

extension ColumnVisitor {
  /// A truth value, kept as the integer 0 or 1.
  @inlinable public mutating func flag(_ name: StaticString, _ value: inout Bool) throws {
    var number: Int64 = value ? 1 : 0
    try integer(name, &number)
    value = number != 0
  }
}

/// What tells the rows of one table apart: the first columns of the row.
public protocol RowKey: Hashable, Comparable, Sendable {
  init()
  /// Visits the columns of the key. `names` are those of the table.
  mutating func columns(_ visitor: inout some ColumnVisitor, _ names: [StaticString]) throws
}

extension Int64: RowKey {
  @inlinable public mutating func columns(_ visitor: inout some ColumnVisitor, _ names: [StaticString]) throws {
    try visitor.integer(names[0], &self)
  }
}

extension Text: RowKey {
  @inlinable public mutating func columns(_ visitor: inout some ColumnVisitor, _ names: [StaticString]) throws {
    try visitor.text(names[0], &self)
  }
}

/// A key of two integers, such as a field's notetype and position. Ordered by `first`, then `second`.
public struct PairKey: RowKey {
  public var first: Int64
  public var second: Int64

  public init() { self.init(0, 0) }
  public init(_ first: Int64, _ second: Int64) { (self.first, self.second) = (first, second) }

  public static func < (a: PairKey, b: PairKey) -> Bool { (a.first, a.second) < (b.first, b.second) }
  public mutating func columns(_ visitor: inout some ColumnVisitor, _ names: [StaticString]) throws {
    try visitor.integer(names[0], &first)
    try visitor.integer(names[1], &second)
  }
}
