import CMariaDB
import SyncCore

/// The values of many rows, column by column, as a statement takes them that runs once for each row: filled as a
/// visitor of one row after the other.
struct RowArrays: ColumnVisitor {
  let count: Int
  private let kinds: [Table.Kind]
  /// Column by column: the value of an integer; of others where it begins, and how many bytes it has.
  private var values: [Int64]
  private var lengths: [UInt]
  /// Begins with a byte that is nobody's: an empty text must have an address, too.
  private var bytes: [UInt8] = [0]
  private var row = 0
  private var column = 0

  /// - Parameter rows: how many will be visited.
  init(_ kinds: [Table.Kind], rows: Int) {
    (self.kinds, count) = (kinds, rows)
    values = [Int64](repeating: 0, count: kinds.count * rows)
    lengths = [UInt](repeating: 0, count: kinds.count * rows)
  }

  var columnCount: Int { kinds.count }
  /// About as many bytes as they take on their way to the server.
  var size: Int { bytes.count + 9 * values.count }

  mutating func integer(_ name: StaticString, _ value: inout Int64) { put(value, 8) }

  mutating func text(_ name: StaticString, _ value: inout Text) {
    let start = bytes.count
    value.string.withUTF8 { bytes.append(contentsOf: $0) }
    put(Int64(start), UInt(bytes.count - start))
  }

  mutating func blob(_ name: StaticString, _ value: inout [UInt8]) {
    put(Int64(bytes.count), UInt(value.count))
    bytes.append(contentsOf: value)
  }

  private mutating func put(_ value: Int64, _ length: UInt) {
    values[column * count + row] = value
    lengths[column * count + row] = length
    column += 1
    if column == kinds.count { (row, column) = (row + 1, 0) }
  }

  /// Fills `binds`, one per column, with pointers that hold while `body` runs. Nothing is written through them.
  func withBinds<T>(_ binds: UnsafeMutableBufferPointer<MYSQL_BIND>, _ body: () throws -> T) rethrows -> T {
    try withPlaces { places in
      try values.withUnsafeBytes { values in
        try lengths.withUnsafeBufferPointer { lengths in
          for (column, kind) in kinds.enumerated() {
            let array = kind == .integer ? values : places
            binds[column] = Self.bind(kind, array, lengths, from: column * count)
          }
          return try body()
        }
      }
    }
  }

  /// Hands over where each text and blob is.
  private func withPlaces<T>(_ body: (UnsafeRawBufferPointer) throws -> T) rethrows -> T {
    try bytes.withUnsafeBytes { bytes in
      var places = [UnsafeRawPointer?](repeating: nil, count: values.count)
      for (column, kind) in kinds.enumerated() where kind != .integer {
        for index in column * count..<(column + 1) * count {
          places[index] = bytes.baseAddress.map { $0 + Int(values[index]) }
        }
      }
      return try places.withUnsafeBytes(body)
    }
  }

  private static func bind(
    _ kind: Table.Kind, _ array: UnsafeRawBufferPointer, _ lengths: UnsafeBufferPointer<UInt>, from start: Int
  ) -> MYSQL_BIND {
    var bind = MYSQL_BIND()
    switch kind {
    case .integer: bind.buffer_type = MYSQL_TYPE_LONGLONG
    case .text: bind.buffer_type = MYSQL_TYPE_STRING
    case .blob: bind.buffer_type = MYSQL_TYPE_LONG_BLOB
    }
    // Integers and places are eight bytes each.
    bind.buffer = array.baseAddress.map { UnsafeMutableRawPointer(mutating: $0 + start * MemoryLayout<Int64>.stride) }
    bind.length = lengths.baseAddress.map { UnsafeMutablePointer(mutating: $0 + start) }
    return bind
  }
}
