import SyncCore

/// The rows of one table, as bytes by key: what comes out is decoded from them, as with any engine.
struct MemoryTable<Key: RowKey>: Sendable {
  private struct Entry: Sendable {
    let bytes: [UInt8]
    let facts: RowFacts
  }
  /// A row in the order of one of its numbers.
  private struct Place: Comparable, Sendable {
    let number: Int64
    let key: Key

    static func < (a: Place, b: Place) -> Bool { (a.number, a.key) < (b.number, b.key) }
  }

  private let table: Table
  private let places: RowFacts.Places
  private var rows = SortedMap<Key, Entry>()
  private var byUSN = SortedMap<Place, Void>()
  private var byOwner = SortedMap<Place, Void>()

  init(_ table: Table) { (self.table, places) = (table, RowFacts.Places(table)) }

  var count: Int { rows.count }

  func contains(_ key: Key) -> Bool { rows[key] != nil }

  /// - Throws: `invalid` for a row with a NUL in a text.
  mutating func set<R: Row>(_ row: R) throws where R.Key == Key {
    let key = row.key
    let facts = try RowFacts(row, places)
    let bytes = try RowBytes.encode(row)
    remove(key)
    rows.set(key, Entry(bytes: bytes, facts: facts))
    if let usn = facts.usn { byUSN.set(Place(number: usn, key: key), ()) }
    if let owner = facts.owner { byOwner.set(Place(number: owner, key: key), ()) }
  }

  mutating func remove(_ key: Key) {
    guard let old = rows[key] else { return }
    rows.remove(key)
    if let usn = old.facts.usn { byUSN.remove(Place(number: usn, key: key)) }
    if let owner = old.facts.owner { byOwner.remove(Place(number: owner, key: key)) }
  }

  func scan<R: Row>(_ type: R.Type, _ body: (R) throws -> Void) throws where R.Key == Key {
    try rows.forEach { _, entry in
      try body(try RowBytes.decode(type, entry.bytes))
      return true
    }
  }

  func fetch<R: Row>(_ type: R.Type, _ selection: Selection<R>) throws -> [R] where R.Key == Key {
    try keys(selection).compactMap { key in try rows[key].map { try RowBytes.decode(type, $0.bytes) } }
  }

  private func keys<R: Row>(_ selection: Selection<R>) throws -> [Key] where R.Key == Key {
    switch selection {
    case .all:
      return page(after: nil, limit: .max)
    case .page(let after, let limit):
      return page(after: after, limit: limit)
    case .keys(let wanted):
      return Set(wanted).sorted()
    case .owned(let owner):
      guard places.owner != nil else { throw unanswerable("owner") }
      return owned(by: owner)
    case .changed(let since, let after, let limit):
      guard places.usn != nil else { throw unanswerable("usn") }
      return changed(since: since, after: after, limit: limit)
    }
  }

  private func page(after: Key?, limit: Int) -> [Key] {
    var found: [Key] = []
    guard limit > 0 else { return found }
    rows.forEach(behind: { key in after.map { key <= $0 } ?? false }) { key, _ in
      found.append(key)
      return found.count < limit
    }
    return found
  }

  private func changed(since: Int64, after: ChangeCursor<Key>?, limit: Int) -> [Key] {
    var found: [Key] = []
    guard limit > 0 else { return found }
    let cursor = after.map { Place(number: $0.usn, key: $0.key) }
    byUSN.forEach(behind: { place in place.number < since || cursor.map { place <= $0 } ?? false }) { place, _ in
      found.append(place.key)
      return found.count < limit
    }
    return found
  }

  private func owned(by owner: Int64) -> [Key] {
    var found: [Key] = []
    byOwner.forEach(behind: { $0.number < owner }) { place, _ in
      guard place.number == owner else { return false }
      found.append(place.key)
      return true
    }
    return found
  }

  private func unanswerable(_ column: String) -> StorageError {
    StorageError(.invalid, "table \(table.name) has no \(column) to be asked for")
  }
}
