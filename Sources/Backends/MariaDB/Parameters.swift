import CMariaDB
import SQLBackend
import SyncCore

/// Values for the parameters of a statement, in order: filled as a visitor of rows and keys.
struct Parameters: StatementValues {
  private enum Slot {
    case integer(Int)
    case bytes(Range<Int>, isText: Bool)
  }

  private var slots: [Slot] = []
  private var integers: [Int64] = []
  /// Begins with a byte that is nobody's: an empty text must have an address, too, or it would be NULL.
  private var bytes: [UInt8] = [0]

  init() {}
  init(rowsOf kinds: [Table.Kind]) {}
  init(_ texts: String...) {
    for text in texts {
      var text = Text(text)
      self.text("text", &text)
    }
  }

  var count: Int { slots.count }
  /// About as many bytes as they take on their way to the server.
  var size: Int { bytes.count + 16 * slots.count }

  mutating func integer(_ name: StaticString, _ value: inout Int64) {
    slots.append(.integer(integers.count))
    integers.append(value)
  }

  mutating func text(_ name: StaticString, _ value: inout Text) {
    let start = bytes.count
    value.string.withUTF8 { bytes.append(contentsOf: $0) }
    slots.append(.bytes(start..<bytes.count, isText: true))
  }

  mutating func blob(_ name: StaticString, _ value: inout [UInt8]) {
    let start = bytes.count
    bytes.append(contentsOf: value)
    slots.append(.bytes(start..<bytes.count, isText: false))
  }

  /// Fills `binds`, one per parameter, with pointers that hold while `body` runs.
  mutating func withBinds<T>(_ binds: UnsafeMutableBufferPointer<MYSQL_BIND>, _ body: () throws -> T) rethrows -> T {
    try integers.withUnsafeMutableBytes { integers in
      try bytes.withUnsafeMutableBytes { bytes in
        for (index, slot) in slots.prefix(binds.count).enumerated() {
          var bind = MYSQL_BIND()
          switch slot {
          case .integer(let place):
            bind.buffer_type = MYSQL_TYPE_LONGLONG
            bind.buffer = integers.baseAddress.map { $0 + place * MemoryLayout<Int64>.stride }
          case .bytes(let range, let isText):
            bind.buffer_type = isText ? MYSQL_TYPE_STRING : MYSQL_TYPE_LONG_BLOB
            bind.buffer = bytes.baseAddress.map { $0 + range.lowerBound }
            bind.buffer_length = UInt(range.count)
          }
          binds[index] = bind
        }
        return try body()
      }
    }
  }
}
