import SQLBackend
import SQLiteFile
import SyncCore

/// The rows of a schema within one transaction of a connection.
final class SQLiteRows: RowStore {
  private let connection: SQLiteConnection
  private let vocabulary: Vocabulary
  private let cancellation: Cancellation
  /// The first change that was refused: then the transaction must not be kept, even where its body goes on.
  private(set) var refusal: (any Error)?

  init(_ connection: SQLiteConnection, _ vocabulary: Vocabulary, _ cancellation: Cancellation) {
    (self.connection, self.vocabulary, self.cancellation) = (connection, vocabulary, cancellation)
  }

  func fetch<R: Row>(_ type: R.Type, _ selection: Selection<R>) throws -> [R] {
    try cancellation.check()
    let sql = try vocabulary.table(of: type)
    if case .keys(let keys) = selection { return try rows(type, Set(keys), sql) }
    let limit = selection.limit
    var rows: [R] = []
    for query in try sql.queries(selection) where rows.count < limit {
      try connection.statement(query.sql) { statement in
        var binder = StatementBinder(statement)
        try query.bind(&binder, limit: limit - rows.count)
        while try statement.step() { rows.append(try statement.row(type)) }
      }
    }
    return rows
  }

  func count<R: Row>(_ type: R.Type) throws -> Int {
    try cancellation.check()
    return Int(try connection.number(try vocabulary.table(of: type).count) ?? 0)
  }

  func scan<R: Row>(_ type: R.Type, _ body: (R) throws -> Void) throws {
    try cancellation.check()
    try connection.statement(try vocabulary.table(of: type).all) { statement in
      while try statement.step() { try body(try statement.row(type)) }
    }
  }

  func upsert<R: Row>(_ rows: [R]) throws {
    try changing(R.self, \.upsert) { statement, _ in
      for var row in rows {
        try statement.bind(&row)
        try statement.run()
      }
    }
  }

  func delete<R: Row>(_ type: R.Type, _ keys: [R.Key]) throws {
    try changing(type, \.delete) { statement, names in
      for key in keys where !key.holdsNUL(names) {
        try statement.bind(key, names)
        try statement.run()
      }
    }
  }

  func clear<R: Row>(_ type: R.Type) throws {
    try changing(type, \.clear) { statement, _ in try statement.run() }
  }

  private func rows<R: Row>(_ type: R.Type, _ keys: Set<R.Key>, _ sql: TableSQL) throws -> [R] {
    try connection.statement(sql.row) { statement in
      // In the order of the table: neighbours lie on one page.
      try keys.sorted().compactMap { key in
        guard !key.holdsNUL(sql.keyNames) else { return nil }
        try statement.bind(key, sql.keyNames)
        defer { statement.reset() }
        return try statement.step() ? try statement.row(type) : nil
      }
    }
  }

  private func changing<R: Row>(
    _ type: R.Type, _ text: KeyPath<TableSQL, String>, _ body: (Statement, [StaticString]) throws -> Void
  ) throws {
    do {
      try cancellation.check()
      let sql = try vocabulary.table(of: type)
      try connection.statement(sql[keyPath: text]) { try body($0, sql.keyNames) }
    } catch {
      refusal = refusal ?? error
      throw error
    }
  }
}

extension Statement {
  /// Binds the columns of a key.
  func bind<Key: RowKey>(_ key: Key, _ names: [StaticString], from first: Int32 = 1) throws {
    var (copy, binder) = (key, StatementBinder(self, from: first))
    try copy.columns(&binder, names)
  }
}
