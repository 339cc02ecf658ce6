import SQLBackend
import SQLiteFile
import SyncCore

/// Fills the file of a new schema, which nobody else has seen yet.
final class SQLiteLoader: RowLoader {
  private let connection: SQLiteConnection
  private let vocabulary: Vocabulary
  private let cancellation: Cancellation
  private var refusal: (any Error)?

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
    try connection.execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8192")
    if let pages = plan.maximumPages { try connection.execute("PRAGMA max_page_count = \(pages)") }
    let value = try cancellation.interrupting(with: connection.interrupt) {
      try connection.transaction(.immediate) {
        for table in tables { try connection.execute(table.createTable) }
        let loader = SQLiteLoader(connection, plan.vocabulary, cancellation)
        let value = try body(loader)
        if let refusal = loader.refusal { throw refusal }
        for index in tables.flatMap(\.createIndexes) { try connection.execute(index) }
        try connection.execute("PRAGMA user_version = \(plan.migrations.newest(kind))")
        return value
      }
    }
    try cancellation.check()
    try connection.execute("PRAGMA journal_mode = WAL")
    return value
  }

  func append<R: Row>(_ rows: [R]) throws {
    do {
      try cancellation.check()
      try connection.statement(try vocabulary.table(of: R.self).insert) { statement in
        for var row in rows {
          try statement.bind(&row)
          try statement.run()
        }
      }
    } catch {
      refusal = refusal ?? error
      throw error
    }
  }
}
