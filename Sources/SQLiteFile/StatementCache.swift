/// Prepared statements by their SQL; of those that nobody uses the one unused for longest goes first.
struct StatementCache {
  private static let capacity = 64
  private var statements: [String: Statement] = [:]
  private var clock: UInt64 = 0

  /// Lends a statement; nil where there is none, or where it is lent already.
  mutating func take(_ sql: String) -> Statement? {
    guard let statement = statements[sql], !statement.isLent else { return nil }
    clock &+= 1
    (statement.isLent, statement.lastUse) = (true, clock)
    return statement
  }

  /// Keeps a statement that is in use, and is lent until ``giveBack(_:)``.
  mutating func keep(_ statement: Statement, _ sql: String) {
    // The same SQL may be in use twice at once: the first one stays.
    guard statements[sql] == nil else { return }
    if statements.count >= Self.capacity {
      let idle = statements.filter { !$0.value.isLent }
      guard let oldest = idle.min(by: { $0.value.lastUse < $1.value.lastUse }) else { return }
      statements[oldest.key] = nil
    }
    clock &+= 1
    (statement.isLent, statement.lastUse) = (true, clock)
    statements[sql] = statement
  }

  func giveBack(_ statement: Statement) { statement.isLent = false }

  mutating func removeAll() { statements.removeAll() }
}
