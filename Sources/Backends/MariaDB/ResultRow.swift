import CMariaDB
import SQLBackend
import SyncCore

/// The current row of a statement's result. Columns count from 0.
final class ResultRow {
  /// Room for the bytes of most values; a longer one makes its column's room larger until the result has ended.
  private static let usualRoom = 512

  private let statement: UnsafeMutablePointer<MYSQL_STMT>
  private let binds: UnsafeMutableBufferPointer<MYSQL_BIND>
  private let lengths: UnsafeMutableBufferPointer<UInt>
  private let areNull: UnsafeMutableBufferPointer<my_bool>

  init(of statement: UnsafeMutablePointer<MYSQL_STMT>) {
    self.statement = statement
    let count = Int(mysql_stmt_field_count(statement))
    binds = .allocate(capacity: count)
    lengths = .allocate(capacity: count)
    areNull = .allocate(capacity: count)
    lengths.initialize(repeating: 0)
    areNull.initialize(repeating: 0)
    binds.initialize(repeating: MYSQL_BIND())
    let fields = mariadb_stmt_fetch_fields(statement)
    for column in binds.indices {
      let isInteger = fields.map { Self.integerTypes.contains($0[column].type.rawValue) } ?? false
      binds[column].buffer_type = isInteger ? MYSQL_TYPE_LONGLONG : MYSQL_TYPE_LONG_BLOB
      binds[column].length = lengths.baseAddress.map { $0 + column }
      binds[column].is_null = areNull.baseAddress.map { $0 + column }
      makeRoom(column, isInteger ? MemoryLayout<Int64>.size : Self.usualRoom)
    }
  }

  deinit {
    for bind in binds { bind.buffer?.deallocate() }
    binds.deallocate()
    lengths.deallocate()
    areNull.deallocate()
  }

  /// 0 for NULL.
  func integer(_ column: Int) -> Int64 {
    guard areNull[column] == 0, let buffer = binds[column].buffer else { return 0 }
    return buffer.load(as: Int64.self)
  }

  /// Empty for NULL.
  func text(_ column: Int) -> Text { Text(String(decoding: bytes(column), as: UTF8.self)) }
  func blob(_ column: Int) -> [UInt8] { Array(bytes(column)) }

  func isNull(_ column: Int) -> Bool { areNull[column] != 0 }

  private func bytes(_ column: Int) -> UnsafeRawBufferPointer {
    guard areNull[column] == 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
    return UnsafeRawBufferPointer(start: binds[column].buffer, count: Int(lengths[column]))
  }

  // MARK: For the statement

  /// - Returns: whether it has failed, as the two below.
  func bind() -> Bool { mysql_stmt_bind_result(statement, binds.baseAddress) != 0 }

  /// Fetches again what did not fit, into larger room.
  func completeRow() -> Bool {
    var hasGrown = false
    for column in binds.indices where areNull[column] == 0 && lengths[column] > binds[column].buffer_length {
      makeRoom(column, Int(lengths[column]))
      guard mysql_stmt_fetch_column(statement, binds.baseAddress.map { $0 + column }, UInt32(column), 0) == 0 else {
        return true
      }
      hasGrown = true
    }
    return hasGrown && bind()
  }

  /// Gives large room back, so that a statement that is kept does not keep it.
  func shrink() {
    for column in binds.indices where binds[column].buffer_length > 16 * Self.usualRoom {
      makeRoom(column, Self.usualRoom)
    }
  }

  private func makeRoom(_ column: Int, _ size: Int) {
    binds[column].buffer?.deallocate()
    binds[column].buffer = .allocate(byteCount: size, alignment: MemoryLayout<Int64>.alignment)
    binds[column].buffer_length = UInt(size)
  }

  private static let integerTypes = Set(
    [MYSQL_TYPE_TINY, MYSQL_TYPE_SHORT, MYSQL_TYPE_INT24, MYSQL_TYPE_LONG, MYSQL_TYPE_LONGLONG].map(\.rawValue))
}

/// Fills the columns of a row from those of a result, in order.
struct ResultReader: ServerAnswer {
  let result: ResultRow
  private var column = 0

  init(_ result: ResultRow) { self.result = result }

  mutating func passes(nulls count: Int) -> Bool {
    guard result.isNull(column) else { return false }
    column += count
    return true
  }

  mutating func integer(_ name: StaticString, _ value: inout Int64) {
    value = result.integer(column)
    column += 1
  }

  mutating func text(_ name: StaticString, _ value: inout Text) {
    value = result.text(column)
    column += 1
  }

  mutating func blob(_ name: StaticString, _ value: inout [UInt8]) {
    value = result.blob(column)
    column += 1
  }
}
