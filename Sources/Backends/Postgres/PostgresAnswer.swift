import CPostgres
import SQLBackend
import SyncCore

/// Fills the columns of a row from those of an answer in binary form, in order.
struct PostgresAnswer: ServerAnswer {
  private let result: PostgresResult
  private let row: Int32
  /// The column that is read next.
  private var column: Int32 = 0

  init(_ result: PostgresResult, row: Int32) { (self.result, self.row) = (result, row) }

  mutating func integer(_ name: StaticString, _ value: inout Int64) throws {
    let bytes = try take(name)
    guard bytes.count == 8 else { throw StorageError(.corrupt, "column \(name) holds no bigint") }
    value = Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
  }

  mutating func text(_ name: StaticString, _ value: inout Text) throws {
    value = Text(String(decoding: try take(name), as: UTF8.self))
  }

  mutating func blob(_ name: StaticString, _ value: inout [UInt8]) throws { value = Array(try take(name)) }

  mutating func passes(nulls count: Int) -> Bool {
    guard PQgetisnull(result.pointer, row, column) == 1 else { return false }
    column += Int32(clamping: count)
    return true
  }

  private mutating func take(_ name: StaticString) throws -> UnsafeRawBufferPointer {
    guard column < result.columnCount, PQgetisnull(result.pointer, row, column) == 0 else {
      throw StorageError(.corrupt, "column \(name) is missing or NULL")
    }
    defer { column += 1 }
    let count = Int(PQgetlength(result.pointer, row, column))
    return UnsafeRawBufferPointer(start: PQgetvalue(result.pointer, row, column), count: count)
  }
}

extension PostgresResult {
  /// On average, with what libpq needs for it.
  var bytesOfRow: Int { max(1, PQresultMemorySize(pointer) / max(1, Int(rowCount))) }

  func forEach(_ row: (inout PostgresAnswer) throws -> Void) throws {
    for index in 0..<rowCount {
      var answer = PostgresAnswer(self, row: index)
      try row(&answer)
    }
  }
}
