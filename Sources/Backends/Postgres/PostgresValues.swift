import CPostgres
import SQLBackend
import SyncCore

/// The values of a statement in binary form: one by one, or an array for each column of many rows.
struct PostgresValues: StatementValues {
  private static let arrayHeader = 20

  /// The type of each value, as the server numbers types.
  private(set) var types: [Oid] = []
  private var values: [[UInt8]] = []
  /// Visits so far, where the values are arrays.
  private var arrays: (visits: Int, isUsed: Bool) = (0, false)

  init() {}

  init(rowsOf kinds: [Table.Kind]) {
    arrays.isUsed = true
    types = kinds.map(\.arrayType)
    values = kinds.map { kind in
      var header: [UInt8] = []
      // One dimension, no NULLs, the elements' type, how many (known later), and the first index.
      for number in [1, 0, Int32(bitPattern: kind.type), 0, 1] { header.append(bigEndian: number) }
      return header
    }
  }

  mutating func integer(_ name: StaticString, _ value: inout Int64) {
    add(.integer) { [value] bytes in bytes.append(bigEndian: value) }
  }

  mutating func text(_ name: StaticString, _ value: inout Text) {
    value.string.makeContiguousUTF8()
    add(.text) { [value] bytes in bytes.append(contentsOf: value.utf8) }
  }

  mutating func blob(_ name: StaticString, _ value: inout [UInt8]) {
    add(.blob) { [value] bytes in bytes.append(contentsOf: value) }
  }

  private mutating func add(_ kind: Table.Kind, _ append: (inout [UInt8]) -> Void) {
    guard arrays.isUsed, !values.isEmpty else {
      types.append(kind.type)
      values.append([])
      append(&values[values.count - 1])
      return
    }
    values[arrays.visits % values.count].appendCounted(append)
    arrays.visits += 1
  }

  /// Hands over what libpq wants: where each value is, and how long.
  func withPointers<T>(_ body: ([UnsafePointer<CChar>?], [Int32]) throws -> T) rethrows -> T {
    var (bytes, starts): ([UInt8], [Int]) = ([], [])
    bytes.reserveCapacity(values.reduce(1) { $0 + $1.count })
    let rowCount = values.isEmpty ? 0 : Int32(arrays.visits / values.count)
    for value in values {
      starts.append(bytes.count)
      bytes += value
      if arrays.isUsed { bytes.replace(bigEndian: rowCount, at: bytes.count - value.count + 12) }
    }
    // An empty value at the end has to be somewhere too.
    bytes.append(0)
    return try bytes.withUnsafeBytes { buffer in
      let base = buffer.bindMemory(to: CChar.self).baseAddress
      return try body(starts.map { start in base.map { $0 + start } }, values.map { Int32(clamping: $0.count) })
    }
  }
}

extension Table.Kind {
  /// bigint, text, bytea, as every PostgreSQL server numbers them (`pg_type.dat`).
  fileprivate var type: Oid {
    switch self {
    case .integer: 20
    case .text: 25
    case .blob: 17
    }
  }

  fileprivate var arrayType: Oid {
    switch self {
    case .integer: 1016
    case .text: 1009
    case .blob: 1001
    }
  }
}

extension [UInt8] {
  mutating func append(bigEndian value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
  }

  mutating func replace(bigEndian value: Int32, at index: Int) {
    Swift.withUnsafeBytes(of: value.bigEndian) { replaceSubrange(index..<index + 4, with: $0) }
  }

  /// Appends the number of bytes that `content` appends, and then those.
  mutating func appendCounted(_ content: (inout [UInt8]) -> Void) {
    let start = count
    append(bigEndian: Int32(0))
    content(&self)
    replace(bigEndian: Int32(clamping: count - start - 4), at: start)
  }
}
