public import SyncCore

/// Binds the columns of a row to the parameters of a statement, in order.
public struct StatementBinder: ColumnVisitor {
  /// The parameter that is bound next.
  public private(set) var index: Int32
  private let statement: Statement

  public init(_ statement: Statement, from first: Int32 = 1) {
    (self.statement, index) = (statement, first)
  }

  public mutating func integer(_ name: StaticString, _ value: inout Int64) throws {
    try statement.bind(value, at: index)
    index &+= 1
  }

  /// - Throws: `invalid` for a U+0000: no engine stores it (derived-values.md 0).
  public mutating func text(_ name: StaticString, _ value: inout Text) throws {
    let result: Int32? = value.string.withUTF8 { bytes in
      bytes.containsNUL ? nil : statement.bindText(bytes, at: index)
    }
    guard let result else { throw StorageError(.invalid, "a NUL in the text of column \(name)") }
    try statement.check(result)
    index &+= 1
  }

  public mutating func blob(_ name: StaticString, _ value: inout [UInt8]) throws {
    try statement.bind(value, at: index)
    index &+= 1
  }
}

/// Fills the columns of a row from the columns of a statement's current row, in order.
public struct StatementReader: ColumnVisitor {
  /// The column that is read next.
  public private(set) var index: Int32
  private let statement: Statement

  public init(_ statement: Statement, from first: Int32 = 0) {
    (self.statement, index) = (statement, first)
  }

  public mutating func integer(_ name: StaticString, _ value: inout Int64) {
    value = statement.integer(index)
    index &+= 1
  }

  public mutating func text(_ name: StaticString, _ value: inout Text) {
    value = statement.text(index)
    index &+= 1
  }

  public mutating func blob(_ name: StaticString, _ value: inout [UInt8]) {
    value = statement.blob(index)
    index &+= 1
  }
}
