/// The values of one row as SQLite writes them into a file: a list of their types and sizes, then the values
/// (sqlite.org/fileformat2.html, 2.1).
final class RecordBytes {
  private let types = ByteRun()
  private let values = ByteRun()

  /// How many bytes the record takes.
  var count: Int { headerCount + values.count }

  private var headerCount: Int { types.count < 127 ? types.count + 1 : types.count + 2 }

  /// Begins the next record.
  func clear() {
    types.clear()
    values.clear()
  }

  func null() { types.append(0) }

  func integer(_ value: Int64) {
    // The two commonest numbers take no bytes at all.
    guard value != 0, value != 1 else { return types.append(value == 0 ? 8 : 9) }
    let (type, width) = Self.typeAndWidth(value)
    types.append(type)
    values.append(value, width: width)
  }

  func real(_ value: Double) {
    types.append(7)
    values.append(Int64(bitPattern: value.bitPattern), width: 8)
  }

  func text(_ bytes: UnsafeBufferPointer<UInt8>) {
    types.append(varint: UInt64(bytes.count) * 2 + 13)
    values.append(UnsafeRawBufferPointer(bytes))
  }

  func blob(_ bytes: [UInt8]) {
    types.append(varint: UInt64(bytes.count) * 2 + 12)
    bytes.withUnsafeBytes(values.append)
  }

  /// Adds the first `limit` bytes of the record to a cell.
  /// - Returns: the bytes that are left, until the record is cleared.
  func write(_ limit: Int, to cell: ByteRun) -> UnsafeRawBufferPointer {
    cell.append(varint: UInt64(headerCount))
    cell.append(types.bytes)
    let fitting = min(values.count, max(0, limit - headerCount))
    cell.append(UnsafeRawBufferPointer(rebasing: values.bytes[..<fitting]))
    return UnsafeRawBufferPointer(rebasing: values.bytes[fitting...])
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
