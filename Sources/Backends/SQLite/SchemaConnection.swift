import Foundation
import SQLBackend
import SQLiteFile
import SyncCore

/// An open connection to the file of one schema.
///
/// `@unchecked Sendable` holds because a connection is used by one thread at a time: the one that has taken it from
/// ``Connections``.
final class SchemaConnection: @unchecked Sendable {
  /// What an engine of this kind is made with.
  struct Plan: Sendable {
    let dialect = Dialect.sqlite
    let vocabulary = Vocabulary(.sqlite)
    var migrations = Migrations.all
    /// How long to wait for other processes.
    var busyMilliseconds: Int32 = 5_000
    /// The largest size of a file, in pages; nil for as much as the disk holds.
    var maximumPages: Int?
  }

  let schema: Schema
  let connection: SQLiteConnection
  private let plan: Plan
  private var durability = Durability.acknowledged

  /// Opens the file, and brings it up to date where an older server has made it.
  /// - Throws: `notFound` where it is not there, `tooNew` where a newer server has written it.
  init(_ schema: Schema, path: String, _ plan: Plan) throws {
    (self.schema, self.plan) = (schema, plan)
    connection = try SQLiteConnection(path: path, .readWrite)
    connection.setBusyTimeout(milliseconds: plan.busyMilliseconds)
    // A file that is often opened needs no large cache of its own; the system has one.
    try connection.execute("PRAGMA cache_size = -512; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 4194304")
    if let pages = plan.maximumPages { try connection.execute("PRAGMA max_page_count = \(pages)") }
    try migrate()
  }

  /// Whether there still is a file of that name.
  var hasFile: Bool { access(connection.path, F_OK) == 0 }

  /// Whether it can be used again: no transaction is left open.
  var isSound: Bool { !connection.isInTransaction }

  func read<T>(_ cancellation: Cancellation, _ body: (any RowReader) throws -> T) throws -> T {
    try cancellable(cancellation) {
      try connection.transaction(.deferred) { try body(SQLiteRows(connection, plan.vocabulary, cancellation)) }
    }
  }

  func write<T>(
    _ durability: Durability, _ cancellation: Cancellation, _ body: (any RowStore) throws -> T
  ) throws -> T {
    try promise(durability)
    try begin()
    do {
      let value = try cancellable(cancellation) {
        try checkSeal()
        let rows = SQLiteRows(connection, plan.vocabulary, cancellation)
        let value = try body(rows)
        if let refusal = rows.refusal { throw refusal }
        return value
      }
      try connection.commit()
      return value
    } catch {
      connection.rollback()
      throw error
    }
  }

  /// A commit in WAL mode waits for the disk only with FULL; what it waits for includes every earlier commit.
  private func promise(_ durability: Durability) throws {
    guard durability != self.durability else { return }
    try connection.execute("PRAGMA synchronous = \(durability == .acknowledged ? "FULL" : "NORMAL")")
    self.durability = durability
  }

  /// The writers of this process take turns, so a lock that is not to be had is another's process.
  private func begin() throws {
    do { try connection.begin(.immediate) } catch let error as StorageError where error.code == .conflict {
      throw StorageError(.unavailable, "another process keeps \(schema) locked")
    }
  }

  private func checkSeal() throws {
    guard schema.kind == .collection else { return }
    guard let successor = try connection.number("SELECT successor FROM col WHERE id = 1"), successor != 0 else {
      return
    }
    throw StorageError(.sealed(successor: successor), "\(schema) was replaced by generation \(successor)")
  }

  /// Lets a cancelled task interrupt the statement that is running; whatever that makes fail is a cancellation.
  private func cancellable<T>(_ cancellation: Cancellation, _ body: () throws -> T) throws -> T {
    do {
      let value = try cancellation.interrupting(with: connection.interrupt, body)
      try cancellation.check()
      return value
    } catch {
      try cancellation.check()
      throw error
    }
  }

  /// Makes the views for the owner, where they are not there already, word for word.
  func makeViews() throws {
    let views = Views(plan.dialect, .sqlite).all.map { (name: $0.name, sql: "CREATE VIEW \($0.name) AS \($0.query)") }
    let texts = views.map { "'\($0.sql.replacing("'", with: "''"))'" }
    let found = "SELECT count(*) FROM sqlite_schema WHERE type = 'view' AND sql IN (\(texts.joined(separator: ", ")))"
    guard try connection.number(found) != Int64(views.count) else { return }
    // What the power takes is made again.
    try promise(.relaxed)
    try connection.transaction(.immediate) {
      for view in views {
        try connection.execute("DROP VIEW IF EXISTS \(view.name)")
        try connection.execute(view.sql)
      }
    }
  }

  private func migrate() throws {
    guard try !plan.migrations.steps(schema.kind, from: version()).isEmpty else { return }
    try connection.transaction(.immediate) {
      // Somebody else may have been faster.
      for step in try plan.migrations.steps(schema.kind, from: version()) {
        for sql in step(plan.dialect) { try connection.execute(sql) }
      }
      try connection.execute("PRAGMA user_version = \(plan.migrations.newest(schema.kind))")
    }
  }

  private func version() throws -> Int64 { try connection.number("PRAGMA user_version") ?? 0 }
}
