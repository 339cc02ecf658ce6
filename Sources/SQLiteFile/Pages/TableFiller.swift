import CSQLite
import Foundation
public import SyncCore

/// Fills an empty table, and its indexes with it, page by page: the quick way to make a large file. Every index is on
/// one column of integers; others are made afterwards.
///
/// Neither the connection nor anybody else uses the file until ``finish()``. What was filled and not finished is not in
/// the table. Nothing is waited for; see ``DurableFile``. Nobody shares a filler, so what changes with every row is not
/// checked for that every time.
public final class TableFiller {
  private let file: PageWriter
  private let root: UInt32
  @exclusivity(unchecked) private var table: TableTree
  @exclusivity(unchecked) private var indexes: [Index]
  @exclusivity(unchecked) private var columns: RowColumns
  @exclusivity(unchecked) private var last: Int64?

  private struct Index {
    let root: UInt32
    var keys: SortedKeys
  }

  /// - Parameters:
  ///   - name: a table whose key is one integer, without rows.
  ///   - keysInMemory: how many keys of each index are sorted at once; 16 bytes each.
  /// - Throws: `invalid` where the table or the file is of another shape.
  public init(_ name: String, in connection: SQLiteConnection, keysInMemory: Int = 1 << 18) throws {
    let shape = try TableShape(name, connection)
    file = try PageWriter(path: connection.path, limit: try connection.maximumPages())
    (root, table) = (shape.root, TableTree(file))
    indexes = shape.indexes.map { index in
      Index(root: index.root, keys: SortedKeys(beside: connection.path, capacity: keysInMemory))
    }
    columns = RowColumns(indexed: shape.indexes.map(\.column), width: shape.width)
  }

  /// Adds a row.
  /// - Returns: false where its number is not larger than that of the row before it; then it was not added.
  /// - Throws: `invalid` for a U+0000 in a text (derived-values.md 0).
  public func append<R: Row>(_ row: inout R) throws -> Bool {
    try append { try row.columns(&$0) }
  }

  /// Adds the row whose columns are visited, in the order of the table.
  public func append(_ visit: (inout RowColumns) throws -> Void) throws -> Bool {
    columns.clear()
    try visit(&columns)
    if let last, columns.number <= last { return false }
    last = columns.number
    try table.append(columns.number, columns.record)
    for index in indexes.indices {
      try indexes[index].keys.append(IndexTree.Key(value: columns.keys[index], row: columns.number))
    }
    return true
  }

  /// Puts the rows into the table.
  public func finish() throws {
    guard last != nil else { return }
    try table.finish(root: root)
    for index in indexes.indices {
      var tree = IndexTree(file)
      try indexes[index].keys.forEach { try tree.append($0) }
      try tree.finish(root: indexes[index].root)
    }
    try file.finish()
  }
}

/// The columns of one row on their way into a table.
public struct RowColumns: ColumnVisitor {
  /// The first column: the number of the row.
  private(set) var number: Int64 = 0
  let record = RecordBytes()
  /// The values of the columns that are indexed.
  private(set) var keys: [Int64]
  private var position = 0
  /// Which key a column is, by its position.
  private let places: [Int?]

  init(indexed: [Int], width: Int) {
    keys = indexed.map { _ in 0 }
    places = (0..<width).map(indexed.firstIndex(of:))
  }

  mutating func clear() {
    record.clear()
    position = 0
  }

  public mutating func integer(_ name: StaticString, _ value: inout Int64) throws {
    if position == 0 {
      // The number of the row stands in front of it.
      number = value
      record.null()
    } else {
      record.integer(value)
    }
    if let place = try place(name) { keys[place] = value }
  }

  public mutating func text(_ name: StaticString, _ value: inout Text) throws {
    try checkUnindexed(name)
    let isStorable = value.string.withUTF8 { bytes in
      guard !bytes.containsNUL else { return false }
      record.text(bytes)
      return true
    }
    guard isStorable else { throw StorageError(.invalid, "a NUL in the text of column \(name)") }
  }

  public mutating func blob(_ name: StaticString, _ value: inout [UInt8]) throws {
    try checkUnindexed(name)
    record.blob(value)
  }

  /// A real number, where a column of another type holds one.
  public mutating func real(_ name: StaticString, _ value: Double) throws {
    try checkUnindexed(name)
    record.real(value)
  }

  private mutating func checkUnindexed(_ name: StaticString) throws {
    guard try place(name) == nil, position > 1 else {
      throw StorageError(.invalid, "column \(name) is a key and no integer")
    }
  }

  private mutating func place(_ name: StaticString) throws -> Int? {
    guard position < places.count else { throw StorageError(.invalid, "the table has no column \(name)") }
    defer { position += 1 }
    return places[position]
  }
}

/// Where a table and its indexes begin.
private struct TableShape {
  let root: UInt32
  /// How many columns it has.
  let width: Int
  var indexes: [(root: UInt32, column: Int)] = []

  init(_ table: String, _ connection: SQLiteConnection) throws {
    let roots = try connection.integers(
      """
      SELECT m.rootpage, (SELECT count(*) FROM pragma_table_info(m.name)) FROM sqlite_master AS m
      WHERE m.type = 'table' AND m.name = ?
      """, table)
    guard let found = roots.first, let root = UInt32(exactly: found[0]), root > 1, !connection.isInTransaction else {
      throw StorageError(.invalid, "no table \(table) that can be filled in \(connection.path)")
    }
    (self.root, width) = (root, Int(found[1]))
    indexes = try connection.integers(
      """
      SELECT m.rootpage, min(i.cid), count(*), l."unique" + l.partial FROM pragma_index_list(?) AS l
      JOIN sqlite_master AS m ON m.type = 'index' AND m.name = l.name JOIN pragma_index_info(l.name) AS i
      GROUP BY l.name
      """, table
    ).map { index in
      guard let root = UInt32(exactly: index[0]), index[1] >= 0, index[2] == 1, index[3] == 0 else {
        throw StorageError(.invalid, "an index of \(table) is not on one column")
      }
      return (root, Int(index[1]))
    }
    guard try connection.integers("SELECT 1 FROM \"\(table)\" LIMIT 1").isEmpty else {
      throw StorageError(.invalid, "\(table) in \(connection.path) has rows already")
    }
  }
}

extension SQLiteConnection {
  fileprivate func maximumPages() throws -> UInt32 { UInt32(clamping: try number("PRAGMA max_page_count") ?? 0) }

  /// The rows of a query, all of whose columns are integers; it may ask about a table by its name.
  fileprivate func integers(_ sql: String, _ table: String? = nil) throws -> [[Int64]] {
    try statement(sql) { statement in
      if let table { try statement.bind(Text(table), at: 1) }
      var rows: [[Int64]] = []
      while try statement.step() { rows.append((0..<statement.columnCount).map(statement.integer)) }
      return rows
    }
  }
}
