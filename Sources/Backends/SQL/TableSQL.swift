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
  /// Takes the rows of a load where the engine has a way of its own for that: name, without its schema, and columns.
  public let nameAndColumns: String
  public let kinds: [Table.Kind]
  /// Of the columns of a key.
  public let keyKinds: [Table.Kind]
  /// What one statement takes of many rows.
  public let many: Dialect.Many
  private let repeatsKey: Bool
  private let text: Writer

  public init(_ table: Table, _ dialect: Dialect) {
    let text = Writer(table: table, dialect: dialect)
    self.text = text
    let usn = table.columns.contains { $0.name.text == "usn" } ? dialect.quoted("usn") : nil
    let owner = table.owner.map(dialect.quoted)
    let (key, keyColumns) = (text.keyMatch, text.keyList)
    createTable = text.createTable
    createIndexes = text.createIndexes
    insert = text.insert("INSERT", text.row)
    upsert = text.upsert
    delete = "DELETE FROM \(text.name) WHERE \(key(1))"
    clear = "DELETE FROM \(text.name)"
    count = "SELECT count(*) FROM \(text.name)"
    row = text.select("WHERE \(key(1))")
    all = text.select("ORDER BY \(keyColumns)")
    firstPage = text.select("ORDER BY \(keyColumns) LIMIT \(text.parameter(1))")
    nextPage = text.select(
      "WHERE \(text.behindKey(1)) ORDER BY \(keyColumns) LIMIT \(text.parameter(text.behindCount + 1))")
    changed = usn.map { usn in
      text.select("WHERE \(usn) >= \(text.parameter(1)) ORDER BY \(usn), \(keyColumns) LIMIT \(text.parameter(2))")
    }
    sameUSN = usn.map { usn in
      let condition = "\(usn) = \(text.parameter(1)) AND \(text.behindKey(2))"
      return text.select("WHERE \(condition) ORDER BY \(keyColumns) LIMIT \(text.parameter(text.behindCount + 2))")
    }
    owned = owner.map { text.select("WHERE \($0) = \(text.parameter(1)) ORDER BY \(keyColumns)") }
    keyNames = table.keyColumns.map(\.name)
    nameAndColumns = "\(text.ownName) (\(text.list(table.columns[...])))"
    (kinds, keyKinds) = (table.columns.map(\.kind), table.keyColumns.map(\.kind))
    (many, repeatsKey) = (dialect.many, dialect.keyOrder == .columns)
  }

  /// Inserts or replaces so many rows; no two of them have one key.
  public func upsert(_ count: Int) -> String {
    text.insert("INSERT", text.rows(count, width: kinds.count)) + text.onConflict
  }
  /// Deletes the rows with so many keys.
  public func delete(_ count: Int) -> String { "DELETE FROM \(text.name) WHERE \(text.keysMatch(count))" }
  /// The rows with so many keys.
  public func rows(_ count: Int) -> String { text.select("WHERE \(text.keysMatch(count))") }

  /// How often, and up to which column, a key is bound that others are behind.
  var behindKey: ClosedRange<Int> { repeatsKey ? 1...keyNames.count : keyNames.count...keyNames.count }
}

/// Puts a table's statements into words.
private struct Writer: Sendable {
  let table: Table
  let dialect: Dialect

  /// In statements that read or write, and in those that define.
  var name: String { dialect.placed(table.name.text) }
  var ownName: String { dialect.quoted(table.name) }
  var keyList: String { list(table.keyColumns) }

  func parameter(_ number: Int) -> String { dialect.parameter(number) }

  func select(_ rest: String) -> String { "SELECT \(list(table.columns[...])) FROM \(name) \(rest)" }

  func keyMatch(_ first: Int) -> String {
    table.keyColumns.enumerated().map { "\(dialect.quoted($1.name)) = \(parameter(first + $0))" }
      .joined(separator: " AND ")
  }

  func keysMatch(_ count: Int) -> String {
    let isSingle = table.keyCount == 1
    let keys = isSingle ? keyList : "(\(keyList))"
    switch dialect.many {
    case .arrays: return isSingle ? "\(keys) = ANY (\(parameter(1)))" : "\(keys) IN (\(unnest(table.keyCount)))"
    case .lists:
      let list = isSingle ? parameters(1...count) : tuples(count, width: table.keyCount)
      return "\(keys) IN (\(list))"
    }
  }

  func behindKey(_ first: Int) -> String {
    switch dialect.keyOrder {
    case _ where table.keyCount == 1: "\(keyList) > \(parameter(first))"
    case .rows: "(\(keyList)) > (\(parameters(first...first + table.keyCount - 1)))"
    case .columns: "(\(behindColumns(first)))"
    }
  }

  /// How many parameters that takes.
  var behindCount: Int {
    dialect.keyOrder == .rows ? table.keyCount : table.keyCount * (table.keyCount + 1) / 2
  }

  /// `a > ? OR (a = ? AND b > ?)`, and so on.
  private func behindColumns(_ first: Int) -> String {
    var next = first
    let cases = (1...table.keyCount).map { count in
      let terms = table.keyColumns.prefix(count).enumerated().map { index, column in
        defer { next += 1 }
        return "\(dialect.quoted(column.name)) \(index + 1 == count ? ">" : "=") \(parameter(next))"
      }
      return count == 1 ? terms[0] : "(\(terms.joined(separator: " AND ")))"
    }
    return cases.joined(separator: " OR ")
  }

  func insert(_ verb: String, _ rows: String) -> String {
    "\(verb) INTO \(name) (\(list(table.columns[...]))) \(rows)"
  }

  /// So many rows of parameters.
  func rows(_ count: Int, width: Int) -> String {
    switch dialect.many {
    case .arrays: unnest(width)
    case .lists: "VALUES \(tuples(count, width: width))"
    }
  }

  var row: String { "VALUES \(tuples(1, width: table.columns.count))" }

  private func unnest(_ width: Int) -> String { "SELECT * FROM unnest(\(parameters(1...width)))" }

  private func tuples(_ count: Int, width: Int) -> String {
    (0..<count).map { "(\(parameters($0 * width + 1...($0 + 1) * width)))" }.joined(separator: ", ")
  }

  private func parameters(_ numbers: ClosedRange<Int>) -> String {
    numbers.map(parameter).joined(separator: ", ")
  }

  var upsert: String {
    dialect.upsert == .orReplace ? insert("INSERT OR REPLACE", row) : insert("INSERT", row) + onConflict
  }

  var onConflict: String {
    let others = table.columns.dropFirst(table.keyCount).map { dialect.quoted($0.name) }
    switch dialect.upsert {
    case .orReplace: return ""
    case .onConflict:
      let changes = others.map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
      return " ON CONFLICT (\(keyList)) DO UPDATE SET \(changes)"
    case .onDuplicateKey:
      return " ON DUPLICATE KEY UPDATE " + others.map { "\($0) = VALUES(\($0))" }.joined(separator: ", ")
    }
  }

  var createTable: String {
    let columns = table.columns.enumerated().map { index, column in
      "\(dialect.quoted(column.name)) \(dialect.type(column.kind, inKey: index < table.keyCount)) NOT NULL"
    }
    let isNumbered = table.keyCount == 1 && table.columns.first?.kind == .integer
    let options = isNumbered ? dialect.numberedTable : dialect.keyedTable
    let verb = table.isVolatile ? dialect.createVolatileTable : dialect.createTable
    let parts = columns + (keyFollowsRows ? [] : ["PRIMARY KEY (\(keyList))"]) + (holdsIndexes ? indexes : [])
    return "\(verb) \(ownName) (\(parts.joined(separator: ", "))) \(options)"
  }

  var createIndexes: [String] {
    let key = keyFollowsRows ? ["ALTER TABLE \(ownName) ADD PRIMARY KEY (\(keyList))"] : []
    guard dialect.tablesHoldIndexes else { return key + table.indexes.compactMap { index($0, on: "ON \(ownName) ") } }
    guard !holdsIndexes, !indexes.isEmpty else { return key }
    return key + ["ALTER TABLE \(ownName) " + indexes.map { "ADD \($0)" }.joined(separator: ", ")]
  }

  private var keyFollowsRows: Bool { dialect.keyFollowsRows && table.isLarge }
  private var holdsIndexes: Bool { dialect.tablesHoldIndexes && !table.isLarge }
  private var indexes: [String] { table.indexes.compactMap { index($0) } }

  private func index(_ index: Table.Index, on place: String = "") -> String? {
    guard let column = index == .usn ? "usn" : table.owner else { return nil }
    let verb = place.isEmpty ? "INDEX" : "CREATE INDEX"
    let rest = dialect.indexesHoldTheKey ? "" : ", \(keyList)"
    return "\(verb) \(dialect.quoted("\(table.name)_\(column)")) \(place)(\(dialect.quoted(column))\(rest))"
  }

  func list(_ columns: ArraySlice<Table.Column>) -> String {
    columns.map { dialect.quoted($0.name) }.joined(separator: ", ")
  }
}
