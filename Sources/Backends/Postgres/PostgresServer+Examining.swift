import SQLBackend
import SyncCore

extension PostgresServer {
  /// As the server counts: 12.0.
  private static let oldestVersion: Int32 = 120_000

  /// - Throws: `invalid` for a server or a database that we cannot use.
  static func check(version: Int32, encoding: String) throws {
    guard version >= oldestVersion else {
      throw StorageError(
        .invalid, "PostgreSQL 12 or newer is needed; this server is \(version / 10_000).\(version % 10_000)")
    }
    guard encoding == "UTF8" else {
      throw StorageError(
        .invalid,
        "PostgreSQL: the database has the encoding \(encoding); make one with UTF8: "
          + "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0")
    }
  }

  var questions: ServerQuestions {
    ServerQuestions(
      facts: Self.facts, oddTables: Self.oddTables,
      oddity: (
        "texts of these tables are not ordered by their bytes",
        "restore the schema from a backup that keeps COLLATE \"C\""
      ))
  }

  func findings(_ facts: ServerFacts) -> [Finding] {
    [
      .ok("version", "PostgreSQL \(facts["version"]), encoding \(facts["server_encoding"])"), Self.role(facts),
      Self.safety(facts), route.finding(facts),
    ]
  }

  private static func role(_ facts: ServerFacts) -> Finding {
    if facts["standby"] == "true" {
      return Finding(.fail, "role", "the server is a standby and takes no writes", advice: "name the primary as host")
    }
    guard facts["may_create"] == "true" else {
      return Finding(
        .fail, "role", "\"\(facts["role"])\" may make no schemas in the database \"\(facts["database"])\"",
        advice: "GRANT CREATE ON DATABASE \"\(facts["database"])\" TO \"\(facts["role"])\"")
    }
    return .ok("role", "\"\(facts["role"])\" may make schemas in the database \"\(facts["database"])\"")
  }

  /// `synchronous_commit` is our own affair; these are not.
  private static func safety(_ facts: ServerFacts) -> Finding {
    let off = ["fsync", "full_page_writes"].filter { facts[$0] == "off" }
    guard off.isEmpty else {
      return Finding(
        .warn, "safety", "\(off.joined(separator: " and ")) off: a loss of power can destroy the database",
        advice: "set \(off.joined(separator: " and ")) to on in postgresql.conf")
    }
    return .ok("safety", "what was acknowledged is on the disk")
  }

  /// Limits of -1 are none.
  private static let facts = """
    SELECT name::text, setting::text FROM pg_settings
    WHERE name IN ('server_encoding', 'fsync', 'full_page_writes')
    UNION ALL SELECT 'version', current_setting('server_version')
    UNION ALL SELECT 'standby', pg_is_in_recovery()::text
    UNION ALL SELECT 'database', current_database()::text
    UNION ALL SELECT 'role', current_user::text
    UNION ALL SELECT 'may_create', has_database_privilege(current_database(), 'CREATE')::text
    UNION ALL SELECT 'clock', floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint::text
    UNION ALL SELECT 'cipher', coalesce((
      SELECT version || ' ' || cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl), '')
    UNION ALL SELECT 'connections', least(
      current_setting('max_connections')::bigint - current_setting('superuser_reserved_connections')::bigint,
      (SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user),
      (SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database()))::text
    """

  private static let oddTables = """
    SELECT DISTINCT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_collation l ON l.oid = a.attcollation
    WHERE n.nspname = $1 AND c.relkind = 'r' AND l.collname <> 'C'
    """
}
