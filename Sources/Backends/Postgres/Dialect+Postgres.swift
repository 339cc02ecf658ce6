import SQLBackend
import SyncCore

extension Dialect {
  /// `COLLATE "C"` compares bytes, and no update of a C library can change the order of an index. What a lost session
  /// staged need not be on the disk: unlogged tables are empty after a crash of the server.
  static let postgres = Dialect(
    integer: "bigint", text: "text COLLATE \"C\"", blob: "bytea", quote: "\"", namesSchema: true,
    parameters: .numbered, upsert: .onConflict, many: .arrays, indexesHoldTheKey: false, keyFollowsRows: true,
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
      headKey: "1",
      // A statement of its own behind the lock sees what was committed while the lock was waited for.
      locking: { ["SELECT 1 FROM \(Dialect.postgres.placed("schema_version")) FOR UPDATE", $0] },
      undoesTables: true, views: .postgres(readers: "\(prefix)_readers"))
  }
}

extension ServerViews {
  /// - Parameter readers: the role whose members may read all views, where the owner has made it.
  static func postgres(readers: String) -> ServerViews {
    ServerViews(
      .postgres,
      create: { name in
        [
          // Whoever waits for the lock on a view keeps its readers waiting.
          "SET LOCAL lock_timeout = '500ms'", "SELECT pg_advisory_xact_lock(hashtext('\(name)'))",
          "CREATE SCHEMA IF NOT EXISTS \"\(name)\"",
        ]
      },
      remark: { "SELECT coalesce(obj_description(to_regnamespace('\"\($0)\"'), 'pg_namespace'), '')" },
      finish: { name, remark in
        let grants = """
          GRANT USAGE ON SCHEMA "\(name)" TO "\(readers)"; \
          GRANT SELECT ON ALL TABLES IN SCHEMA "\(name)" TO "\(readers)";
          """
        return [
          "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = '\(readers)') THEN \(grants) END IF; END $$",
          "COMMENT ON SCHEMA \"\(name)\" IS '\(remark)'",
        ]
      },
      drop: { ["DROP SCHEMA IF EXISTS \"\($0)\" CASCADE"] })
  }
}

extension ViewDialect {
  static let postgres = ViewDialect(
    separator: "chr(31)", now: "floor(extract(epoch FROM now()))::bigint",
    integer: { "CASE WHEN trim(\($0)) ~ '^-?[0-9]{1,9}$' THEN trim(\($0))::bigint END" },
    quotient: { "((\($0)) / \($1))" },
    moment: { "to_timestamp((\($0)) / 1000.0)" },
    date: { "(DATE '1970-01-01' + (\($0))::integer)" },
    field: { "split_part(\($0), chr(31), least(greatest(\($1), 0), 100000)::integer + 1)" },
    eachTag: "CROSS JOIN LATERAL unnest(string_to_array(n.tags, ' ')) e (tag)", tag: "e.tag",
    object: { "jsonb_object_agg(\($0), \($1))" })
}

extension Work {
  /// What begins a transaction of this kind in a schema.
  func beginning(in schema: String) -> [String] {
    // Statements that read and write name their schema: one that was prepared with another path is planned anew.
    let place = "SET LOCAL search_path = \"\(schema)\""
    // What comes after the lock sees what its last owner has left, whatever the database's defaults are.
    let writing = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
    switch self {
    case .look: return []
    case .read: return ["BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"]
    case .write(.relaxed): return [writing, "SET LOCAL synchronous_commit = off"]
    case .write(.acknowledged): return [writing]
    case .make, .alter: return [writing, place]
    // Shorter than it takes the server to look for deadlocks: then it is this one that gives way, not a reader.
    case .drop: return [writing, place, "SET LOCAL lock_timeout = '500ms'"]
    }
  }
}
