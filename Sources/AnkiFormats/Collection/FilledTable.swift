import SQLiteFile
import SyncCore

/// What is to be done to a file, one thing after the other.
typealias PageWork = () throws -> Void

/// A large table of a new file; begun with its first rows, since tables are filled one after the other.
final class FilledTable<R: Row> {
  private let file: SQLiteConnection
  private let columns: (inout R, inout RowColumns) throws -> Void
  private var filler: TableFiller?

  init(
    _ type: R.Type, in file: SQLiteConnection, _ columns: @escaping (inout R, inout RowColumns) throws -> Void
  ) { (self.file, self.columns) = (file, columns) }

  /// - Throws: `corrupt` where the rows do not come in order.
  func append(_ rows: [R]) throws {
    let filler = try filler ?? TableFiller(R.table.name.text, in: file)
    self.filler = filler
    for var row in rows {
      guard try filler.append({ try columns(&row, &$0) }) else {
        throw StorageError(.corrupt, "\(R.table.name) does not come in the order of its key")
      }
    }
  }

  func finish() throws { try filler?.finish() }
}

/// Rows that are gathered before they are handed on.
struct RowsToFile<R: Row> {
  private static var longest: Int { 500 }
  private static var heaviest: Int { 512 << 10 }
  private var rows: [R] = []
  private var weight = RowWeight<R>()

  /// - Returns: whether there are enough.
  mutating func append(_ row: R) throws -> Bool {
    rows.append(row)
    try weight.add(row)
    return rows.count >= Self.longest || weight.bytes >= Self.heaviest
  }

  mutating func take() -> (rows: [R], megabytes: Int) {
    defer { (rows, weight) = ([], RowWeight()) }
    return (rows, weight.megabytes)
  }
}
