import SyncCore

/// A row as an array on the wire (sync-protocol.md 10): its columns in order.
protocol RowTuple: Row {
  /// What it is called in a refusal.
  static var noun: StaticString { get }
  /// One rule for each integer column, in order. `usn` may be anything: it is replaced (H-8).
  static var rules: [ColumnRule] { get }
  /// The columns of this row out of the elements of an array; nil where there are too few or too many.
  static func columns(of tuple: [JSONValue]) -> [JSONValue]?
  /// The row as it is sent.
  var sent: Self { get }
  /// How many empty strings are sent behind this text column.
  static func emptyStrings(behind column: Int) -> Int
}

extension RowTuple {
  static func columns(of tuple: [JSONValue]) -> [JSONValue]? { tuple }
  var sent: Self { self }
  static func emptyStrings(behind column: Int) -> Int { 0 }
}

extension Card: RowTuple {
  static let noun: StaticString = "card"
  static let rules: [ColumnRule] = [
    .any, .any, .any, .uint16, .truncated, .any, .exact(0...3), .exact(-3...4), .wrappedInt32, .anyUInt32, .uint16,
    .uint32, .uint32, .uint32, .wrappedInt32, .any, .exact(0...255),
  ]
}

extension Review: RowTuple {
  static let noun: StaticString = "review"
  static let rules: [ColumnRule] = [
    .any, .any, .any, .exact(0...255), .anyInt32, .anyInt32, .anyUInt32, .anyUInt32, .exact(0...5),
  ]

  /// The type may be missing, or anything: then it is 0.
  static func columns(of tuple: [JSONValue]) -> [JSONValue]? {
    guard tuple.count == 8 || tuple.count == 9 else { return nil }
    let type = tuple.count == 9 ? tuple[8].int ?? 0 : 0
    return tuple.prefix(8) + [.int((0...5).contains(type) ? type : 0)]
  }
}

extension Note: RowTuple {
  static let noun: StaticString = "note"
  static let rules: [ColumnRule] = [.any, .any, .truncated, .any, .exact(0...(.max))]

  /// Sort field and checksum, which some clients fill, are left out; `usn` is replaced, whatever it is.
  static func columns(of tuple: [JSONValue]) -> [JSONValue]? {
    guard tuple.count == 11 else { return nil }
    return tuple[0..<4] + [.int(tuple[4].int ?? 0)] + tuple[5..<7] + tuple[9..<11]
  }

  var sent: Note {
    var note = self
    (note.flags, note.data) = (0, "")
    return note
  }

  /// Sort field and checksum stand behind `flds`, the seventh column.
  static func emptyStrings(behind column: Int) -> Int { column == 6 ? 2 : 0 }
}

extension RowTuple {
  /// - Throws: `invalid`, naming the column and the id.
  init(tuple value: JSONValue) throws {
    guard let tuple = value.array, let columns = Self.columns(of: tuple) else {
      throw SyncError(.invalid, "\(Self.noun): not a list of the right length")
    }
    self.init()
    var reader = TupleReader(columns: columns, rules: Self.rules)
    do {
      try self.columns(&reader)
    } catch let fault as TupleFault {
      let id = tuple.first?.int.map(String.init) ?? "without id"
      throw SyncError(.invalid, "\(Self.noun) \(id): \"\(fault.column)\" is out of range or of the wrong type")
    }
    guard reader.isAtEnd else { throw SyncError(.invalid, "\(Self.noun): not a list of the right length") }
  }

  func append(to writer: inout JSONWriter) throws {
    var tuple = TupleWriter(writer: writer, rules: Self.rules, emptyStrings: Self.emptyStrings)
    writer = JSONWriter()
    var row = sent
    tuple.writer.append(raw: "[")
    try row.columns(&tuple)
    tuple.writer.append(raw: "]")
    writer = tuple.writer
  }
}

private struct TupleFault: Error {
  let column: StaticString
}

private struct TupleReader: ColumnVisitor {
  let columns: [JSONValue]
  let rules: [ColumnRule]
  private var position = 0
  private var integers = 0

  init(columns: [JSONValue], rules: [ColumnRule]) { (self.columns, self.rules) = (columns, rules) }

  var isAtEnd: Bool { position == columns.count }

  mutating func integer(_ name: StaticString, _ value: inout Int64) throws {
    guard position < columns.count, let number = rules[integers].read(columns[position]) else {
      throw TupleFault(column: name)
    }
    value = number
    position += 1
    integers += 1
  }

  mutating func text(_ name: StaticString, _ value: inout Text) throws {
    guard position < columns.count, case .string(let text) = columns[position] else { throw TupleFault(column: name) }
    value = Text(text)
    position += 1
  }

  mutating func blob(_ name: StaticString, _ value: inout [UInt8]) throws { throw TupleFault(column: name) }
}

private struct TupleWriter: ColumnVisitor {
  var writer: JSONWriter
  let rules: [ColumnRule]
  let emptyStrings: (Int) -> Int
  private var position = 0
  private var integers = 0

  init(writer: JSONWriter, rules: [ColumnRule], emptyStrings: @escaping (Int) -> Int) {
    (self.writer, self.rules, self.emptyStrings) = (writer, rules, emptyStrings)
  }

  mutating func integer(_ name: StaticString, _ value: inout Int64) {
    separate()
    writer.append(rules[integers].clamp(value))
    integers += 1
  }

  mutating func text(_ name: StaticString, _ value: inout Text) {
    separate()
    writer.append(value.string)
    for _ in 0..<emptyStrings(position - 1) { writer.append(raw: ",\"\"") }
  }

  mutating func blob(_ name: StaticString, _ value: inout [UInt8]) throws { throw TupleFault(column: name) }

  private mutating func separate() {
    if position > 0 { writer.append(raw: ",") }
    position += 1
  }
}
