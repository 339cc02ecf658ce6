import SyncCore

/// Texts as a column that was declared `integer` keeps them: what reads as a number becomes one
/// (sqlite.org/datatype3.html, 3).
public final class NumericAffinity {
  /// SQLite itself decides, in a table of its own.
  private let column: SQLiteConnection
  private static let insert = "INSERT OR REPLACE INTO affine VALUES (1, ?) RETURNING value"

  public init() throws {
    column = try SQLiteConnection(path: ":memory:", .readWriteCreate)
    try column.execute("CREATE TABLE affine (id INTEGER PRIMARY KEY, value INTEGER)")
  }

  public func write(_ text: String, _ name: StaticString, to columns: inout RowColumns) throws {
    var value = Text(text)
    guard Self.mayBeNumber(text) else { return try columns.text(name, &value) }
    try column.statement(Self.insert) { statement in
      try statement.bind(value, at: 1)
      guard try statement.step() else { return }
      switch statement.storage(0) {
      case .integer:
        var number = statement.integer(0)
        try columns.integer(name, &number)
      case .real: try columns.real(name, statement.real(0))
      default: try columns.text(name, &value)
      }
    }
  }

  /// Numbers begin with a blank, a sign, a point or a digit.
  private static func mayBeNumber(_ text: String) -> Bool {
    guard let first = text.utf8.first else { return false }
    return (9...13).contains(first) || " +-.0123456789".utf8.contains(first)
  }
}
