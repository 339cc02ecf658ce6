import SyncCore

/// The values of one row as SQLite writes them into a file: a list of their types and sizes, then the values
/// (sqlite.org/fileformat2.html, 2.1).
struct RecordBytes {
  private var types: [UInt8] = []
  private var values: [UInt8] = []

  /// How many bytes the record takes.
  var count: Int { headerCount + values.count }

  private var headerCount: Int { types.count < 127 ? types.count + 1 : types.count + 2 }

  /// Begins the next record.
  mutating func clear() {
    types.removeAll(keepingCapacity: true)
    values.removeAll(keepingCapacity: true)
  }

  mutating func null() { types.append(0) }

  mutating func integer(_ value: Int64) {
    // The two commonest numbers take no bytes at all.
    guard value != 0, value != 1 else { return types.append(value == 0 ? 8 : 9) }
    let (type, width) = Self.typeAndWidth(value)
    types.append(type)
    for shift in stride(from: (width - 1) * 8, through: 0, by: -8) {
      values.append(UInt8(truncatingIfNeeded: value >> Int64(shift)))
    }
  }

  mutating func real(_ value: Double) {
    types.append(7)
    withUnsafeBytes(of: value.bitPattern.bigEndian) { values.append(contentsOf: $0) }
  }

  mutating func text(_ bytes: UnsafeBufferPointer<UInt8>) {
    Varint.append(UInt64(bytes.count) * 2 + 13, to: &types)
    values.append(contentsOf: bytes)
  }

  mutating func blob(_ bytes: [UInt8]) {
    Varint.append(UInt64(bytes.count) * 2 + 12, to: &types)
    values.append(contentsOf: bytes)
  }

  /// Adds the first `limit` bytes of the record to a cell.
  /// - Returns: the bytes that are left.
  func write(_ limit: Int, to cell: inout [UInt8]) -> ArraySlice<UInt8> {
    Varint.append(UInt64(headerCount), to: &cell)
    cell.append(contentsOf: types)
    let fitting = min(values.count, max(0, limit - headerCount))
    cell.append(contentsOf: values[..<fitting])
    return values[fitting...]
  }

  private static func typeAndWidth(_ value: Int64) -> (type: UInt8, width: Int) {
    switch value < 0 ? ~value : value {
    case ...0x7f: (1, 1)
    case ...0x7fff: (2, 2)
    case ...0x7f_ffff: (3, 3)
    case ...0x7fff_ffff: (4, 4)
    case ...0x7fff_ffff_ffff: (5, 6)
    default: (6, 8)
    }
  }
}

/// SQLite's integers of one to nine bytes: seven bits in each, the most significant first.
enum Varint {
  static func append(_ value: UInt64, to bytes: inout [UInt8]) {
    if value < 0x80 { return bytes.append(UInt8(truncatingIfNeeded: value)) }
    // With nine bytes the last one has all its eight bits.
    let isLong = value >> 56 != 0
    let high = isLong ? value >> 8 : value
    let width = isLong ? 8 : (70 - high.leadingZeroBitCount) / 7
    for index in (0..<width).reversed() {
      let isLast = index == 0 && !isLong
      bytes.append(UInt8(truncatingIfNeeded: high >> UInt64(7 * index)) & 0x7f | (isLast ? 0 : 0x80))
    }
    if isLong { bytes.append(UInt8(truncatingIfNeeded: value)) }
  }
}
