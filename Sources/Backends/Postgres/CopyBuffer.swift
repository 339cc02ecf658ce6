import SyncCore

/// Rows in the binary form of `COPY`, gathered before they are sent.
struct CopyBuffer: ColumnVisitor {
  /// What comes before the first row: the signature, and no flags and no extension.
  static let header = Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0x00] + [UInt8](repeating: 0, count: 8)
  /// What comes behind the last row.
  static let trailer: [UInt8] = [0xFF, 0xFF]

  var bytes: [UInt8] = []

  mutating func append<R: Row>(_ row: R) throws {
    var copy = row
    bytes.append(bigEndian: Int16(clamping: R.table.columns.count))
    try copy.columns(&self)
  }

  mutating func integer(_ name: StaticString, _ value: inout Int64) {
    bytes.append(bigEndian: Int32(8))
    bytes.append(bigEndian: value)
  }

  mutating func text(_ name: StaticString, _ value: inout Text) {
    value.string.makeContiguousUTF8()
    bytes.append(bigEndian: Int32(clamping: value.utf8.count))
    bytes.append(contentsOf: value.utf8)
  }

  mutating func blob(_ name: StaticString, _ value: inout [UInt8]) {
    bytes.append(bigEndian: Int32(clamping: value.count))
    bytes.append(contentsOf: value)
  }
}
