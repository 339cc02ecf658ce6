/// Prepared statements that nobody uses at the moment, by their SQL; the one unused for longest goes first.
struct StatementCache {
  private static let capacity = 64
  private var statements: [String: Statement] = [:]
  private var clock: UInt64 = 0

  mutating func take(_ sql: String) -> Statement? { statements.removeValue(forKey: sql) }

  mutating func put(_ statement: Statement, _ sql: String) {
    clock &+= 1
    statement.lastUse = clock
    if statements.count >= Self.capacity, let oldest = statements.min(by: { $0.value.lastUse < $1.value.lastUse }) {
      statements[oldest.key] = nil
    }
    statements[sql] = statement
  }

  mutating func removeAll() { statements.removeAll() }
}
