/// Prepared statements that nobody uses at the moment; the one unused for longest goes first. The server counts them
/// for all its clients together, so there are not many.
struct StatementCache {
  /// A statement belongs to the database that was current when it was prepared.
  struct Place: Hashable {
    let database: String?
    let sql: String
  }

  private static let capacity = 128
  private var statements: [Place: PreparedStatement] = [:]
  private var clock: UInt64 = 0

  mutating func take(_ place: Place) -> PreparedStatement? { statements.removeValue(forKey: place) }

  mutating func put(_ statement: PreparedStatement, _ place: Place) {
    clock &+= 1
    statement.lastUse = clock
    if statements.count >= Self.capacity, let oldest = statements.min(by: { $0.value.lastUse < $1.value.lastUse }) {
      statements[oldest.key] = nil
    }
    statements[place] = statement
  }

  mutating func removeAll() { statements.removeAll() }
}
