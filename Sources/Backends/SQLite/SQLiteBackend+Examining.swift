import SQLBackend
import SQLiteFile
import SyncCore

extension SQLiteBackend: Examinable {
  /// With `STRICT` tables.
  private static let oldestVersion = 3_037_000

  func examine(now: @escaping @Sendable () -> Int64) async throws -> [Finding] {
    let (text, number) = SQLiteConnection.libraryVersion
    guard number >= Self.oldestVersion else {
      return [Finding(.fail, "version", "SQLite \(text) is too old", advice: "use SQLite 3.37 or newer")]
    }
    return [.ok("version", "SQLite \(text)")]
  }

  func examine(_ schema: Schema, wholly: Bool) async throws -> [Finding] {
    try await pool.run { [self] cancellation in
      guard files.exists(schema) else { return [] }
      // One of its own: those of the engine bring a file up to date when they open it.
      let connection = try SQLiteConnection(path: files.path(schema), .readWrite)
      connection.setBusyTimeout(milliseconds: plan.busyMilliseconds)
      return try cancellation.interrupting(with: connection.interrupt) {
        var findings = [journal(connection, schema)].compactMap { $0 }
        let version = try connection.number("PRAGMA user_version") ?? 0
        if let finding = plan.migrations.finding(schema, version: version) { findings.append(finding) }
        return wholly ? findings + [damage(connection, schema)].compactMap { $0 } : findings
      }
    }
  }

  private func journal(_ connection: SQLiteConnection, _ schema: Schema) -> Finding? {
    // One that cannot even be asked is damaged, which is another question.
    guard let mode = try? connection.texts("PRAGMA journal_mode").first, mode != "wal" else { return nil }
    return Finding(
      .warn, "\(schema)", "\(files.path(schema)): the journal mode is \(mode): readers wait for writers",
      advice: "stop the server, then: sqlite3 \(files.path(schema)) 'PRAGMA journal_mode = WAL'")
  }

  /// What a damaged file makes fail is as good an answer as what SQLite says about it.
  private func damage(_ connection: SQLiteConnection, _ schema: Schema) -> Finding? {
    var report: [String]
    do { report = try connection.texts("PRAGMA quick_check(3)") } catch { report = ["\(error)"] }
    guard report != ["ok"] else { return nil }
    return Finding(
      .fail, "\(schema)", "\(files.path(schema)) is damaged: \(report.joined(separator: "; "))",
      advice: "stop the server, keep a copy of the file, and restore it from a backup")
  }
}

extension SQLiteConnection {
  /// The first column of every row.
  fileprivate func texts(_ sql: String) throws -> [String] {
    try statement(sql) { statement in
      var texts: [String] = []
      while try statement.step() { texts.append(statement.text(0).string) }
      return texts
    }
  }
}
