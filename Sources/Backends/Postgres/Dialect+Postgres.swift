import SQLBackend
import SyncCore

extension Dialect {
  /// `COLLATE "C"` compares bytes, and no update of a C library can change the order of an index. What a lost session
  /// staged need not be on the disk: unlogged tables are empty after a crash of the server.
  static let postgres = Dialect(
    integer: "bigint", text: "text COLLATE \"C\"", blob: "bytea", quote: "\"", parameters: .numbered,
    upsert: .onConflict, many: .arrays, indexesHoldTheKey: false, keyFollowsRows: true,
    createVolatileTable: "CREATE UNLOGGED TABLE")
}

extension ServerDialect {
  /// A PostgreSQL schema for each of ours.
  /// - Parameter prefix: our own word, never a user's text.
  static func postgres(prefix: String) -> ServerDialect {
    ServerDialect(
      .postgres, prefix: prefix,
      create: { ["CREATE SCHEMA \"\($0)\""] },
      // The mark first: every transaction has looked at it, so those in progress are waited for in one place.
      drop: { ["DROP TABLE IF EXISTS schema_version", "DROP SCHEMA IF EXISTS \"\($0)\" CASCADE"] },
      mark: { version in
        ["CREATE TABLE schema_version (version bigint NOT NULL)", "INSERT INTO schema_version VALUES (\(version))"]
      },
      names: "SELECT nspname::text FROM pg_namespace WHERE left(nspname, \(prefix.count + 1)) = '\(prefix)_'",
      questions: { kind, writes in
        let version = "SELECT version FROM schema_version" + (writes ? " FOR UPDATE" : "")
        // A statement of its own: it sees what was committed while the lock was waited for.
        return writes && kind == .collection ? [version, "SELECT successor FROM col WHERE id = 1"] : [version]
      },
      undoesTables: true)
  }
}

extension Work {
  /// What begins a transaction of this kind in a schema.
  func beginning(in schema: String) -> [String] {
    // What comes after the lock sees what its last owner has left, whatever the database's defaults are.
    let writing = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
    let place = "SET LOCAL search_path = \"\(schema)\""
    switch self {
    case .read: return ["BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", place]
    case .write(.relaxed): return [writing, place, "SET LOCAL synchronous_commit = off"]
    case .write(.acknowledged), .make, .alter: return [writing, place]
    // Shorter than it takes the server to look for deadlocks: then it is this one that gives way, not a reader.
    case .drop: return [writing, place, "SET LOCAL lock_timeout = '500ms'"]
    }
  }
}
