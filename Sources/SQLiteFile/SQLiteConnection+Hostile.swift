import CSQLite
import SyncCore

/// What a file from outside may make SQLite do.
public struct SQLiteLimits: Sendable, Equatable {
  /// Bytes of one text or blob.
  public var valueBytes: Int32
  public var columns: Int32
  public var sqlBytes: Int32

  public init(valueBytes: Int32 = 100_000_000, columns: Int32 = 100, sqlBytes: Int32 = 100_000) {
    (self.valueBytes, self.columns, self.sqlBytes) = (valueBytes, columns, sqlBytes)
  }
}

extension SQLiteConnection {
  /// Every lock that SQLite has, for a file that somebody may have made to harm us.
  func harden(_ limits: SQLiteLimits) throws {
    let switches: [(Int32, Int32)] = [
      (SQLITE_DBCONFIG_DEFENSIVE, 1), (SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0), (SQLITE_DBCONFIG_ENABLE_TRIGGER, 0),
      (SQLITE_DBCONFIG_ENABLE_VIEW, 0), (SQLITE_DBCONFIG_DQS_DML, 0), (SQLITE_DBCONFIG_DQS_DDL, 0),
      (SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0), (SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0),
    ]
    for (option, value) in switches { try check(csqlite_db_config(handle, option, value)) }
    let bounds: [(Int32, Int32)] = [
      (SQLITE_LIMIT_LENGTH, limits.valueBytes), (SQLITE_LIMIT_SQL_LENGTH, limits.sqlBytes),
      (SQLITE_LIMIT_COLUMN, limits.columns), (SQLITE_LIMIT_VDBE_OP, 25_000), (SQLITE_LIMIT_ATTACHED, 0),
      (SQLITE_LIMIT_EXPR_DEPTH, 100), (SQLITE_LIMIT_COMPOUND_SELECT, 3), (SQLITE_LIMIT_FUNCTION_ARG, 8),
      (SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50), (SQLITE_LIMIT_VARIABLE_NUMBER, 10),
      (SQLITE_LIMIT_TRIGGER_DEPTH, 1), (SQLITE_LIMIT_WORKER_THREADS, 0),
    ]
    for (limit, value) in bounds { sqlite3_limit(handle, limit, value) }
    try execute("PRAGMA cell_size_check = 1; PRAGMA mmap_size = 0")
    try check(sqlite3_set_authorizer(handle, onlyReading, nil))
  }
}

/// Allows what reading needs; everything else is "not authorized".
private let onlyReading:
  @convention(c) (
    UnsafeMutableRawPointer?, Int32, UnsafePointer<CChar>?, UnsafePointer<CChar>?, UnsafePointer<CChar>?,
    UnsafePointer<CChar>?
  ) -> Int32 = { _, action, _, _, _, _ in
    switch action {
    case SQLITE_SELECT, SQLITE_READ, SQLITE_PRAGMA, SQLITE_FUNCTION, SQLITE_TRANSACTION: SQLITE_OK
    default: SQLITE_DENY
    }
  }
