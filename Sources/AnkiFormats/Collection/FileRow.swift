import SQLiteFile
import SyncCore

/// Rows as a file holds them: the same tables and columns, but texts that have not passed the edge yet.
enum FileRow {
  /// The current row of a ``Row/selectInKeyOrder`` statement, its texts without U+0000 (derived-values.md 0).
  static func read<R: Row>(_ type: R.Type, _ statement: Statement) throws -> R {
    var reader = EdgeReader(statement)
    var row = R()
    try row.columns(&reader)
    return row
  }

  private struct EdgeReader: ColumnVisitor {
    private let statement: Statement
    private var index: Int32 = 0

    init(_ statement: Statement) { self.statement = statement }

    mutating func integer(_ name: StaticString, _ value: inout Int64) {
      value = statement.integer(index)
      index &+= 1
    }

    mutating func text(_ name: StaticString, _ value: inout Text) {
      value = statement.edgeText(index)
      index &+= 1
    }

    mutating func blob(_ name: StaticString, _ value: inout [UInt8]) {
      value = statement.blob(index)
      index &+= 1
    }
  }
}

extension Statement {
  func edgeText(_ column: Int32) -> Text { Text(EdgeText.clean(text(column).string)) }
}

extension Row {
  /// Every column of the table in a file that has the same columns, in order of the key.
  static var selectInKeyOrder: String {
    let names = table.columns.map { "\"\($0.name)\"" }
    return "SELECT \(names.joined(separator: ", ")) FROM \(table.name) "
      + "ORDER BY \(names.prefix(table.keyCount).joined(separator: ", "))"
  }

  /// Inserts every column of such a table.
  static var insertIntoFile: String {
    let names = table.columns.map { "\"\($0.name)\"" }
    let places = names.map { _ in "?" }
    return "INSERT INTO \(table.name) (\(names.joined(separator: ", "))) VALUES (\(places.joined(separator: ", ")))"
  }
}
