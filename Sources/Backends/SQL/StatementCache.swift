/// The statements that a connection has prepared. Servers keep each in memory for as long as the connection wants it,
/// so those unused for longest have to go.
public struct StatementCache<Statement> {
  /// A text, and the schema whose name it was prepared with.
  public struct Place: Hashable, Sendable {
    let schema: String
    let sql: String

    public init(_ sql: String, in schema: String) { (self.schema, self.sql) = (schema, sql) }

    /// What is prepared.
    public var text: String { schema.isEmpty ? sql : Dialect.naming(schema, in: sql) }
  }

  private let capacity: Int
  private var statements: [Place: (statement: Statement, lastUse: UInt64)] = [:]
  private var clock: UInt64 = 0

  public init(capacity: Int) { self.capacity = capacity }

  public mutating func find(_ place: Place) -> Statement? {
    guard let index = statements.index(forKey: place) else { return nil }
    clock &+= 1
    statements.values[index].lastUse = clock
    return statements.values[index].statement
  }

  public mutating func put(_ statement: Statement, _ place: Place) {
    clock &+= 1
    statements[place] = (statement, clock)
  }

  @discardableResult
  public mutating func remove(_ place: Place) -> Statement? { statements.removeValue(forKey: place)?.statement }

  /// Takes out what is more than there may be.
  public mutating func removeOldest() -> [Statement] {
    var removed: [Statement] = []
    while statements.count > capacity, let oldest = statements.min(by: { $0.value.lastUse < $1.value.lastUse }) {
      removed.append(oldest.value.statement)
      statements[oldest.key] = nil
    }
    return removed
  }

  public mutating func removeAll() { statements.removeAll() }
}
