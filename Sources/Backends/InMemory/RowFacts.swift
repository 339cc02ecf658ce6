import SyncCore

/// What a table has to know of a row beside its key, found in its columns.
struct RowFacts: Sendable {
  /// Where to find it: the positions of the columns.
  struct Places: Sendable {
    let usn: Int?
    let owner: Int?

    init(_ table: Table) {
      let names = table.columns.map(\.name.text)
      usn = names.firstIndex(of: "usn")
      owner = table.owner.flatMap { names.firstIndex(of: $0.text) }
    }
  }

  let usn: Int64?
  let owner: Int64?

  /// - Throws: `invalid` for a NUL in a text (derived-values.md 0).
  init<R: Row>(_ row: R, _ places: Places) throws {
    var finder = Finder(places: places)
    var copy = row
    try copy.columns(&finder)
    (usn, owner) = (finder.usn, finder.owner)
  }

  private struct Finder: ColumnVisitor {
    let places: Places
    var column = 0
    var usn: Int64?
    var owner: Int64?

    mutating func integer(_ name: StaticString, _ value: inout Int64) {
      if column == places.usn { usn = value }
      if column == places.owner { owner = value }
      column += 1
    }
    mutating func text(_ name: StaticString, _ value: inout Text) throws {
      if value.containsNUL { throw StorageError(.invalid, "a NUL in the text of column \(name)") }
      column += 1
    }
    mutating func blob(_ name: StaticString, _ value: inout [UInt8]) { column += 1 }
  }
}
