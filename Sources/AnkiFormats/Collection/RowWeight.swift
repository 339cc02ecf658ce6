import SyncCore

/// How much the texts and blobs of rows weigh that wait in memory.
struct RowWeight<R: Row> {
  private(set) var bytes = 0
  /// Rows of numbers alone need not be weighed.
  private let hasTexts = R.table.columns.contains { $0.kind != .integer }

  var megabytes: Int { bytes >> 20 }

  mutating func add(_ row: R) throws {
    guard hasTexts else { return }
    var (copy, scales) = (row, Scales())
    try copy.columns(&scales)
    bytes += scales.bytes
  }
}

private struct Scales: ColumnVisitor {
  var bytes = 0

  mutating func integer(_ name: StaticString, _ value: inout Int64) {}
  mutating func text(_ name: StaticString, _ value: inout Text) { bytes += value.utf8.count }
  mutating func blob(_ name: StaticString, _ value: inout [UInt8]) { bytes += value.count }
}
