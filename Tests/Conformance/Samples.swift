import SyncCore

extension Note {
  init(_ id: Int64, usn: Int64 = 0, flds: Text = "front\u{1F}back") {
    self.init()
    (self.id, self.usn, self.flds) = (id, usn, flds)
    (guid, mid, mod) = (Text("guid\(id)"), 5, 1_700_000_000)
  }
}

extension Card {
  init(_ id: Int64, nid: Int64, usn: Int64 = 0) {
    self.init()
    (self.id, self.nid, self.usn) = (id, nid, usn)
  }
}

extension Review {
  init(_ id: Int64, usn: Int64 = 0) {
    self.init()
    (self.id, self.usn) = (id, usn)
  }
}

extension Field {
  init(_ ntid: Int64, _ ord: Int64) {
    self.init()
    (self.ntid, self.ord) = (ntid, ord)
  }
}

extension Deck {
  init(_ id: Int64, common: [UInt8]) {
    self.init()
    (self.id, self.common) = (id, common)
  }
}

extension Col {
  init(usn: Int64, successor: Int64 = 0) {
    self.init()
    (self.usn, self.successor) = (usn, successor)
  }
}

/// Fills every column with something; rows filled from the seeds 0 to 7 differ in each column, so also in their key.
struct Filler: ColumnVisitor {
  private static let integers: [Int64] = [.min, .max, 0, -1, 1, 1 << 31, -1 << 33, 1_700_000_000_123]
  let seed: Int
  private var column = 0

  init(seed: Int) { self.seed = seed }

  static func row<R: Row>(_ type: R.Type, seed: Int) throws -> R {
    var row = R()
    var filler = Filler(seed: seed)
    try row.columns(&filler)
    return row
  }

  mutating func integer(_ name: StaticString, _ value: inout Int64) {
    value = Self.integers[(seed + column) % Self.integers.count]
    column += 1
  }
  mutating func text(_ name: StaticString, _ value: inout Text) {
    value = Text("text \(seed).\(column) é🙂'\"\\%\u{1F}")
    column += 1
  }
  mutating func blob(_ name: StaticString, _ value: inout [UInt8]) {
    value = [0, 0xFF, 0x80, UInt8(seed), UInt8(column & 0xFF), 0]
    column += 1
  }
}

/// Reads the table of notes, and says how many rows were made from it.
struct Probe: Row {
  static let table = Note.table
  static func counting<T>(_ count: Tally, _ work: () throws -> T) rethrows -> T {
    try Tally.$current.withValue(count, operation: work)
  }

  private var note = Note()

  init() { Tally.current?.add() }
  var key: Int64 { note.id }
  mutating func columns(_ visitor: inout some ColumnVisitor) throws { try note.columns(&visitor) }
}
