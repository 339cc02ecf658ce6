import SQLBackend
import SQLiteFile
import SyncCore

/// Fills the file of a new schema, which nobody else has seen yet: tables whose rows come in the order of their numbers
/// page by page, others by SQL.
final class SQLiteLoader: RowLoader {
  private let connection: SQLiteConnection
  private let vocabulary: Vocabulary
  private let cancellation: Cancellation
  private var refusal: (any Error)?
  /// The table that is filled at the moment.
  private var filling: (table: ObjectIdentifier, filler: TableFiller)?
  /// Tables that have rows, or are about to.
  private var begun: Set<ObjectIdentifier> = []
  /// Tables whose indexes are there.
  private var indexed: Set<String> = []

  private init(_ connection: SQLiteConnection, _ vocabulary: Vocabulary, _ cancellation: Cancellation) {
    (self.connection, self.vocabulary, self.cancellation) = (connection, vocabulary, cancellation)
  }

  /// Makes the tables in an empty file, then the rows, then the indexes. Without a journal and without waiting for the
  /// disk: where anything fails the file is thrown away, and it is synced when it is complete.
  static func fill<T>(
    _ path: String, _ kind: Schema.Kind, _ plan: SchemaConnection.Plan, _ cancellation: Cancellation,
    _ body: (any RowLoader) throws -> T
  ) throws -> T {
    let connection = try SQLiteConnection(path: path, .readWrite)
    let tables = try plan.vocabulary.tables(of: kind)
    try connection.execute(
      "PRAGMA page_size = 4096; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -4096")
    if let pages = plan.maximumPages { try connection.execute("PRAGMA max_page_count = \(pages)") }
    let value = try cancellation.interrupting(with: connection.interrupt) {
      try connection.transaction(.immediate) {
        for table in tables { try connection.execute(table.createTable) }
      }
      let loader = SQLiteLoader(connection, plan.vocabulary, cancellation)
      let value = try body(loader)
      try loader.finish(tables)
      try connection.execute("PRAGMA user_version = \(plan.migrations.newest(kind))")
      return value
    }
    try cancellation.check()
    try connection.execute("PRAGMA journal_mode = WAL")
    return value
  }

  func append<R: Row>(_ rows: [R]) throws {
    do {
      try cancellation.check()
      try insert(try fill(rows[...]))
    } catch {
      refusal = refusal ?? error
      throw error
    }
  }

  /// - Returns: the rows that have to be inserted by SQL: all behind one that comes out of order, or in a table that
  ///   was left before.
  private func fill<R: Row>(_ rows: ArraySlice<R>) throws -> ArraySlice<R> {
    guard let filler = try filler(R.self) else { return rows }
    for index in rows.indices {
      var row = rows[index]
      guard try filler.append(&row) else {
        try endFilling()
        return rows[index...]
      }
    }
    return []
  }

  private func filler<R: Row>(_ type: R.Type) throws -> TableFiller? {
    let table = ObjectIdentifier(type)
    if let filling, filling.table == table { return filling.filler }
    try endFilling()
    guard begun.insert(table).inserted, R.table.keyCount == 1, R.table.columns.first?.kind == .integer else {
      return nil
    }
    try makeIndexes(try vocabulary.table(of: type))
    let filler = try TableFiller(R.table.name.text, in: connection)
    filling = (table, filler)
    return filler
  }

  private func endFilling() throws {
    try filling?.filler.finish()
    filling = nil
  }

  private func insert<R: Row>(_ rows: ArraySlice<R>) throws {
    guard !rows.isEmpty else { return }
    try connection.transaction(.immediate) {
      try connection.statement(try vocabulary.table(of: R.self).insert) { statement in
        for var row in rows {
          try statement.bind(&row)
          try statement.run()
        }
      }
    }
  }

  private func finish(_ tables: [TableSQL]) throws {
    if let refusal { throw refusal }
    try endFilling()
    for table in tables { try makeIndexes(table) }
  }

  private func makeIndexes(_ table: TableSQL) throws {
    guard indexed.insert(table.nameAndColumns).inserted else { return }
    for index in table.createIndexes { try connection.execute(index) }
  }
}
