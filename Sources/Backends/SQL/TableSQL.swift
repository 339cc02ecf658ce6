public import SyncCore

/// The statements of one table, derived from its description. Parameters are those of the columns that are named, in
/// that order, and a limit at the end.
public struct TableSQL: Sendable {
  public let createTable: String
  public let createIndexes: [String]
  public let insert: String
  public let upsert: String
  /// Deletes the row with a key.
  public let delete: String
  public let clear: String
  public let count: String
  /// The row with a key.
  public let row: String
  /// Every row, in key order.
  public let all: String
  /// In key order: the first rows, and those behind a key.
  public let firstPage: String
  public let nextPage: String
  /// From a usn on, in (usn, key) order; nil where the table has no usn.
  public let changed: String?
  /// Of one usn, those behind a key.
  public let sameUSN: String?
  /// Those of an owner, in key order; nil where rows have none.
  public let owned: String?
  /// The names that a key's own columns are visited with.
  public let keyNames: [StaticString]

  public init(_ table: Table, _ dialect: Dialect) {
    let text = Writer(table: table, dialect: dialect)
    let usn = table.columns.contains { $0.name.text == "usn" } ? dialect.quoted("usn") : nil
    let owner = table.owner.map(dialect.quoted)
    let (key, keyColumns) = (text.keyMatch, text.keyList)
    createTable = text.createTable
    createIndexes = text.createIndexes
    insert = text.insert("INSERT")
    upsert = text.upsert
    delete = "DELETE FROM \(text.name) WHERE \(key(1))"
    clear = "DELETE FROM \(text.name)"
    count = "SELECT count(*) FROM \(text.name)"
    row = text.select("WHERE \(key(1))")
    all = text.select("ORDER BY \(keyColumns)")
    firstPage = text.select("ORDER BY \(keyColumns) LIMIT \(text.parameter(1))")
    nextPage = text.select(
      "WHERE \(text.behindKey(1)) ORDER BY \(keyColumns) LIMIT \(text.parameter(table.keyCount + 1))")
    changed = usn.map { usn in
      text.select("WHERE \(usn) >= \(text.parameter(1)) ORDER BY \(usn), \(keyColumns) LIMIT \(text.parameter(2))")
    }
    sameUSN = usn.map { usn in
      let condition = "\(usn) = \(text.parameter(1)) AND \(text.behindKey(2))"
      return text.select("WHERE \(condition) ORDER BY \(keyColumns) LIMIT \(text.parameter(table.keyCount + 2))")
    }
    owned = owner.map { text.select("WHERE \($0) = \(text.parameter(1)) ORDER BY \(keyColumns)") }
    keyNames = table.keyColumns.map(\.name)
  }
}

/// Puts a table's statements into words.
private struct Writer {
  let table: Table
  let dialect: Dialect

  var name: String { dialect.quoted(table.name) }
  var keyList: String { list(table.keyColumns) }

  func parameter(_ number: Int) -> String { dialect.parameter(number) }

  func select(_ rest: String) -> String { "SELECT \(list(table.columns[...])) FROM \(name) \(rest)" }

  func keyMatch(_ first: Int) -> String {
    table.keyColumns.enumerated().map { "\(dialect.quoted($1.name)) = \(parameter(first + $0))" }
      .joined(separator: " AND ")
  }

  func behindKey(_ first: Int) -> String {
    let parameters = (first..<first + table.keyCount).map(parameter).joined(separator: ", ")
    return table.keyCount == 1 ? "\(keyList) > \(parameters)" : "(\(keyList)) > (\(parameters))"
  }

  func insert(_ verb: String) -> String {
    let parameters = (1...table.columns.count).map(parameter).joined(separator: ", ")
    return "\(verb) INTO \(name) (\(list(table.columns[...]))) VALUES (\(parameters))"
  }

  var upsert: String {
    let others = table.columns.dropFirst(table.keyCount).map { dialect.quoted($0.name) }
    switch dialect.upsert {
    case .orReplace:
      return insert("INSERT OR REPLACE")
    case .onConflict:
      let changes = others.map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
      return insert("INSERT") + " ON CONFLICT (\(keyList)) DO UPDATE SET \(changes)"
    case .onDuplicateKey:
      let changes = others.map { "\($0) = VALUES(\($0))" }.joined(separator: ", ")
      return insert("INSERT") + " ON DUPLICATE KEY UPDATE \(changes)"
    }
  }

  var createTable: String {
    let columns = table.columns.map { "\(dialect.quoted($0.name)) \(dialect.type($0.kind)) NOT NULL" }
    let isNumbered = table.keyCount == 1 && table.columns.first?.kind == .integer
    let options = isNumbered ? dialect.numberedTable : dialect.keyedTable
    return "CREATE TABLE \(name) (\(columns.joined(separator: ", ")), PRIMARY KEY (\(keyList))) \(options)"
  }

  var createIndexes: [String] {
    table.indexes.compactMap { index in
      let column: StaticString? = index == .usn ? "usn" : table.owner
      guard let column else { return nil }
      let rest = dialect.indexesHoldTheKey ? "" : ", \(keyList)"
      return "CREATE INDEX \(dialect.quoted("\(table.name)_\(column)")) ON \(name) (\(dialect.quoted(column))\(rest))"
    }
  }

  private func list(_ columns: ArraySlice<Table.Column>) -> String {
    columns.map { dialect.quoted($0.name) }.joined(separator: ", ")
  }
}
