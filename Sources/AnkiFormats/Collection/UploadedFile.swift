import Foundation
import SQLiteFile
import SyncCore

/// A collection file from outside: opened so that it can do no harm, and checked before anything is read from it
/// (DESIGN, "Security"; collection-format.md 9.4).
struct UploadedFile {
  let version: Int64
  private let file: SQLiteConnection
  private let sink: RowSink
  private let start = ContinuousClock.now
  private let limits: CollectionLimits

  init(path: String, limits: CollectionLimits, sink: RowSink) throws {
    try Self.checkHeader(path)
    (self.limits, self.sink) = (limits, sink)
    file = try SQLiteConnection(path: path, .hostile(SQLiteLimits(valueBytes: limits.valueBytes)))
    try file.registerUnicase()
    file.deadline = start + .seconds(limits.seconds)
    do {
      version = try Self.version(of: file)
      try Self.checkTables(of: file, version)
      try Self.checkIntegrity(of: file)
    } catch let error as StorageError where error.code == .unavailable && file.isOverdue {
      throw CollectionFault.tooSlow
    }
  }

  /// Hands every row of a query to `body`. Time that the loader takes does not count against the limit.
  func rows(_ sql: String, _ body: (Statement) throws -> Void) throws {
    do {
      try file.statement(sql) { statement in
        var loading = sink.loading
        while try statement.step() {
          try body(statement)
          guard sink.loading != loading else { continue }
          loading = sink.loading
          file.deadline = start + .seconds(limits.seconds) + loading
        }
      }
    } catch let error as StorageError where error.code == .unavailable && file.isOverdue {
      throw CollectionFault.tooSlow
    }
  }

  private static func checkHeader(_ path: String) throws {
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw StorageError(.notFound, "cannot open \(path)")
    }
    defer { try? handle.close() }
    let header = try handle.read(upToCount: 100) ?? Data()
    guard !header.isEmpty else { throw CollectionFault.empty }
    guard header.count == 100, header.starts(with: "SQLite format 3\0".utf8) else {
      throw CollectionFault.notACollection("no SQLite header")
    }
  }

  private static func version(of file: SQLiteConnection) throws -> Int64 {
    try checkTables(of: file, ["col"])
    guard try file.number("SELECT count(*) FROM (SELECT 1 FROM col LIMIT 2)") == 1 else {
      throw CollectionFault.damaged("not one row in col")
    }
    let version = try file.number("SELECT ver FROM col") ?? 0
    guard version == 11 || 14...18 ~= version else { throw CollectionFault.version(version) }
    return version
  }

  /// The tables that a collection of a version has.
  private static func checkTables(of file: SQLiteConnection, _ version: Int64) throws {
    var names = ["notes", "cards", "revlog", "graves"]
    if version >= 14 { names += ["config", "tags", "deck_config"] }
    if version >= 15 { names += ["decks", "notetypes", "fields", "templates"] }
    try checkTables(of: file, names)
  }

  /// Refuses views and virtual tables under the names of tables, and columns that are computed. Other tables are never
  /// read: add-ons may have some.
  private static func checkTables(of file: SQLiteConnection, _ names: [String]) throws {
    var found: Set<String> = []
    try file.statement("SELECT lower(name) FROM sqlite_master WHERE type = 'table' AND rootpage > 0") { statement in
      while try statement.step() { found.insert(statement.text(0).string) }
    }
    for name in names {
      guard found.contains(name) else { throw CollectionFault.notACollection("no table \(name)") }
      try file.statement("PRAGMA table_xinfo(\(name))") { columns in
        while try columns.step() {
          guard columns.integer(6) == 0 else { throw CollectionFault.damaged("a computed column in \(name)") }
        }
      }
    }
  }

  private static func checkIntegrity(of file: SQLiteConnection) throws {
    try file.statement("PRAGMA quick_check(1)") { statement in
      guard try statement.step(), statement.text(0) == "ok" else {
        throw CollectionFault.damaged("quick_check: \(statement.text(0).string.prefix(200))")
      }
    }
  }
}

extension SQLiteConnection {
  fileprivate var isOverdue: Bool { deadline.map { ContinuousClock.now >= $0 } ?? false }
}
