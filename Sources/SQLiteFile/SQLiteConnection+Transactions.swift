import CSQLite

extension SQLiteConnection {
  /// When a transaction takes its lock.
  public enum Begin: String, Sendable {
    /// With its first statement: for reading.
    case deferred = "BEGIN"
    /// At once: for writing, so that a busy file is known before anything is done.
    case immediate = "BEGIN IMMEDIATE"
  }

  public var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

  public func begin(_ kind: Begin) throws { try runOnce(kind.rawValue) }
  public func commit() throws { try runOnce("COMMIT") }

  /// Ends a transaction without trace. SQLite itself has rolled back after some errors; then there is nothing to do.
  public func rollback() {
    guard isInTransaction else { return }
    sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
  }

  /// Runs `body` between `BEGIN` and `COMMIT`; where it throws, or the commit fails, nothing is kept.
  public func transaction<T>(_ kind: Begin, _ body: () throws -> T) throws -> T {
    try begin(kind)
    do {
      let value = try body()
      try commit()
      return value
    } catch {
      rollback()
      throw error
    }
  }

  private func runOnce(_ sql: String) throws { try statement(sql) { try $0.run() } }
}
