import SyncCore

/// The rows of a schema within one transaction of a connection to a database server.
final class ServerRows<Connection: ServerConnection>: RowStore {
  private let connection: Connection
  private let schema: String
  private let heads: Heads
  private let asks: Bool
  private let vocabulary: Vocabulary
  private let cancellation: Cancellation
  /// The first change that was refused: then the transaction must not be kept, even where its body goes on.
  private(set) var refusal: (any Error)?
  /// Whether more than the heads was needed where nothing else may be asked.
  private(set) var isShort = false

  /// - Parameters:
  ///   - schema: its name.
  ///   - heads: what the opening of the transaction finds.
  ///   - asks: whether the transaction may ask for anything else.
  init(
    _ connection: Connection, _ schema: String, _ heads: Heads, asks: Bool, _ vocabulary: Vocabulary,
    _ cancellation: Cancellation
  ) {
    (self.connection, self.schema, self.heads, self.asks) = (connection, schema, heads, asks)
    (self.vocabulary, self.cancellation) = (vocabulary, cancellation)
  }

  func fetch<R: Row>(_ type: R.Type, _ selection: Selection<R>) throws -> [R] {
    try cancellation.check()
    if heads.answer(selection) {
      try connection.open()
      return heads.rows(type)
    }
    let sql = try vocabulary.table(of: type)
    if case .keys(let keys) = selection { return try rows(type, keys, sql) }
    let limit = selection.limit
    var rows: [R] = []
    for query in try sql.queries(selection) where rows.count < limit {
      var values = Connection.Values()
      try query.bind(&values, limit: limit - rows.count)
      try ask(query.sql, values, &rows)
    }
    return rows
  }

  func count<R: Row>(_ type: R.Type) throws -> Int {
    try cancellation.check()
    var count: Int64 = 0
    try query(try vocabulary.table(of: type).count, Connection.Values()) { try $0.integer("count", &count) }
    return Int(count)
  }

  func scan<R: Row>(_ type: R.Type, _ body: (R) throws -> Void) throws {
    let sql = try vocabulary.table(of: type)
    try askingMore()
    try connection.scan(sql, in: schema) { (row: R) in
      try cancellation.check()
      try body(row)
    }
  }

  func upsert<R: Row>(_ rows: [R]) throws {
    try changing(R.self) { sql in
      for piece in try Pieces.of(Self.newest(rows)) {
        for piece in Pieces.split(piece, sql.many) {
          var values = Connection.Values(rowsOf: sql.kinds)
          for var row in piece { try row.columns(&values) }
          try connection.execute(sql.upsert(piece.count), in: schema, values)
        }
      }
      heads.upsert(rows)
    }
  }

  func delete<R: Row>(_ type: R.Type, _ keys: [R.Key]) throws {
    try changing(type) { sql in
      try each(keys, sql) { values, count in try connection.execute(sql.delete(count), in: schema, values) }
      heads.delete(type, keys)
    }
  }

  func clear<R: Row>(_ type: R.Type) throws {
    try changing(type) {
      try connection.execute($0.clear, in: schema, Connection.Values())
      heads.clear(type)
    }
  }

  private func rows<R: Row>(_ type: R.Type, _ keys: [R.Key], _ sql: TableSQL) throws -> [R] {
    var rows: [R] = []
    try each(keys, sql) { values, count in try ask(sql.rows(count), values, &rows) }
    return rows
  }

  private func ask<R: Row>(_ sql: String, _ values: Connection.Values, _ rows: inout [R]) throws {
    try query(sql, values) { rows.append(try $0.row()) }
  }

  private func query(
    _ sql: String, _ values: Connection.Values, _ row: (inout Connection.Answer) throws -> Void
  ) throws {
    try askingMore()
    try connection.query(sql, in: schema, values, row)
  }

  private func askingMore() throws {
    guard !asks else { return }
    isShort = true
    throw MoreIsNeeded()
  }

  /// Binds as many keys as one statement takes, and so on, in the order of the table: neighbours lie on one page.
  private func each<Key: RowKey>(
    _ keys: [Key], _ sql: TableSQL, _ body: (Connection.Values, Int) throws -> Void
  ) throws {
    let possible = Set(keys).filter { $0.canExist(sql.keyNames) }.sorted()
    for start in stride(from: 0, to: possible.count, by: Pieces.rows) {
      for piece in Pieces.split(possible[start..<min(start + Pieces.rows, possible.count)], sql.many) {
        var values = Connection.Values(rowsOf: sql.keyKinds)
        let keys = Pieces.filled(piece, sql.many)
        for var key in keys { try key.columns(&values, sql.keyNames) }
        try body(values, keys.count)
      }
    }
  }

  /// Of rows with one key the last one, as one statement cannot take both.
  private static func newest<R: Row>(_ rows: [R]) -> [R] {
    let last = Dictionary(rows.enumerated().map { ($1.key, $0) }) { $1 }
    return last.count == rows.count ? rows : rows.enumerated().filter { last[$1.key] == $0 }.map(\.element)
  }

  private func changing<R: Row>(_ type: R.Type, _ body: (TableSQL) throws -> Void) throws {
    do {
      try cancellation.check()
      try body(try vocabulary.table(of: type))
    } catch {
      refusal = refusal ?? error
      throw error
    }
  }
}

/// Than the rows that the transaction has begun with.
struct MoreIsNeeded: Error {}

extension RowKey {
  /// Whether a row may have this key; some engines cannot even be asked about the others.
  fileprivate func canExist(_ names: [StaticString]) -> Bool {
    var (copy, measure) = (self, RowMeasure(keyCount: names.count))
    do { try copy.columns(&measure, names) } catch { return false }
    return true
  }
}
