import SyncCore

/// The tables of one schema. A copy shares everything with its origin until one of them changes.
struct MemoryState: Sendable {
  private var tables: [String: any Sendable] = [:]

  /// - Throws: `sealed` where the collection was replaced.
  func checkSeal() throws {
    guard let col = try table(of: Col.self).fetch(Col.self, .all).first, col.successor != 0 else { return }
    throw StorageError(.sealed(successor: col.successor), "replaced by generation \(col.successor)")
  }

  func table<R: Row>(of type: R.Type) -> MemoryTable<R.Key> {
    tables[R.table.name.text] as? MemoryTable<R.Key> ?? MemoryTable(R.table)
  }

  mutating func change<R: Row>(_ type: R.Type, _ body: (inout MemoryTable<R.Key>) throws -> Void) rethrows {
    var table = table(of: type)
    // Held here alone, its pages are changed in place.
    tables[R.table.name.text] = nil
    defer { tables[R.table.name.text] = table }
    try body(&table)
  }
}
