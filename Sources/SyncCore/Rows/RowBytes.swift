/// A row as bytes, for staging: each integer as 8 bytes little-endian, each text and blob as a length and its bytes.
/// Written and read by one version of the server within one sync, so it carries no version.
public enum RowBytes {
  public static func encode<R: Row>(_ row: R) throws -> [UInt8] {
    var writer = Writer()
    var copy = row
    try copy.columns(&writer)
    return writer.bytes
  }

  /// - Throws: `corrupt` where the bytes are not those of such a row.
  public static func decode<R: Row>(_ type: R.Type, _ bytes: [UInt8]) throws -> R {
    var row = R()
    var reader = Reader(bytes: bytes)
    try row.columns(&reader)
    return row
  }

  private struct Writer: ColumnVisitor {
    var bytes: [UInt8] = []

    mutating func integer(_ name: StaticString, _ value: inout Int64) {
      withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }
    mutating func text(_ name: StaticString, _ value: inout Text) {
      var count = Int64(value.utf8.count)
      integer(name, &count)
      bytes.append(contentsOf: value.utf8)
    }
    mutating func blob(_ name: StaticString, _ value: inout [UInt8]) {
      var count = Int64(value.count)
      integer(name, &count)
      bytes.append(contentsOf: value)
    }
  }

  private struct Reader: ColumnVisitor {
    let bytes: [UInt8]
    var position = 0

    mutating func integer(_ name: StaticString, _ value: inout Int64) throws {
      let piece = try take(8)
      value = piece.withUnsafeBytes { Int64(littleEndian: $0.loadUnaligned(as: Int64.self)) }
    }
    mutating func text(_ name: StaticString, _ value: inout Text) throws {
      value = Text(String(decoding: try takeCounted(name), as: UTF8.self))
    }
    mutating func blob(_ name: StaticString, _ value: inout [UInt8]) throws {
      value = Array(try takeCounted(name))
    }

    private mutating func takeCounted(_ name: StaticString) throws -> ArraySlice<UInt8> {
      var count: Int64 = 0
      try integer(name, &count)
      return try take(Int(count))
    }
    private mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
      guard count >= 0, count <= bytes.count - position else {
        throw StorageError(.corrupt, "a staged row is cut short")
      }
      defer { position += count }
      return bytes[position..<position + count]
    }
  }
}
