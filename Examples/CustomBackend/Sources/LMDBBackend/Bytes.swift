import SyncCore

extension RowKey {
  /// The key as bytes whose order is the order of the keys.
  /// - Throws: `invalid` where LMDB cannot hold it.
  func bytes(in table: Table) throws -> [UInt8] {
    var (key, writer) = (self, KeyWriter())
    try key.columns(&writer, table.keyColumns.map(\.name))
    // 511, less the number that stands before it in a derived database, and the zero behind it in a search.
    guard writer.bytes.count <= 502 else { throw StorageError(.invalid, "a key of \(table.name) is too long") }
    return writer.bytes
  }
}

extension Int64 {
  /// Big-endian, and the sign turned: negative numbers come first.
  var orderedBytes: [UInt8] { withUnsafeBytes(of: (UInt64(bitPattern: self) ^ 1 << 63).bigEndian, Array.init) }
}

private struct KeyWriter: ColumnVisitor {
  var bytes: [UInt8] = []

  mutating func integer(_ name: StaticString, _ value: inout Int64) { bytes += value.orderedBytes }
  /// A text ends with the byte that none has, so a shorter one comes before all that begin with it.
  mutating func text(_ name: StaticString, _ value: inout Text) { bytes += Array(value.utf8) + [0] }
  mutating func blob(_ name: StaticString, _ value: inout [UInt8]) { bytes += value }
}

/// A row as the value of its key: first the numbers by which it is found, then every column. An integer is 8 bytes,
/// texts and blobs have their length before them.
struct RowWriter: ColumnVisitor {
  private let derived: [Derived]
  private(set) var numbers: [Int64]
  private var columns: [UInt8] = []
  private var column = 0

  init(_ row: some Row, _ derived: [Derived]) throws {
    (self.derived, numbers) = (derived, Array(repeating: 0, count: derived.count))
    var row = row
    try row.columns(&self)
  }

  var bytes: [UInt8] { numbers.flatMap(\.orderedBytes) + columns }

  mutating func integer(_ name: StaticString, _ value: inout Int64) {
    for index in derived.indices where derived[index].column == column { numbers[index] = value }
    add(UInt64(bitPattern: value))
  }
  mutating func text(_ name: StaticString, _ value: inout Text) throws {
    if value.containsNUL { throw StorageError(.invalid, "a NUL in the text of column \(name)") }
    add(UInt64(value.utf8.count))
    columns += value.utf8
  }
  mutating func blob(_ name: StaticString, _ value: inout [UInt8]) {
    add(UInt64(value.count))
    columns += value
  }

  private mutating func add(_ number: UInt64) {
    withUnsafeBytes(of: number.littleEndian) { columns += $0 }
    column += 1
  }
}

struct RowReading: ColumnVisitor {
  private var rest: Slice<UnsafeRawBufferPointer>

  static func row<R: Row>(_ type: R.Type, _ value: UnsafeRawBufferPointer, _ derived: [Derived]) throws -> R {
    var (row, reading) = (R(), RowReading(rest: value.dropFirst(8 * derived.count)))
    try row.columns(&reading)
    return row
  }

  mutating func integer(_ name: StaticString, _ value: inout Int64) throws {
    value = Int64(littleEndian: try take(8).loadUnaligned(as: Int64.self))
  }
  mutating func text(_ name: StaticString, _ value: inout Text) throws {
    value = Text(String(decoding: try takeCounted(name), as: UTF8.self))
  }
  mutating func blob(_ name: StaticString, _ value: inout [UInt8]) throws { value = Array(try takeCounted(name)) }

  private mutating func takeCounted(_ name: StaticString) throws -> UnsafeRawBufferPointer {
    var count: Int64 = 0
    try integer(name, &count)
    return try take(count)
  }
  private mutating func take(_ count: Int64) throws -> UnsafeRawBufferPointer {
    guard count >= 0, count <= rest.count else { throw StorageError(.corrupt, "a row is cut short") }
    defer { rest = rest.dropFirst(Int(count)) }
    return UnsafeRawBufferPointer(rebasing: rest.prefix(Int(count)))
  }
}
