import CPostgres
import SyncCore

/// The rows of one table on their way to the server (`COPY … FROM STDIN`), outside the pipeline.
struct CopyStream {
  /// The table and its columns.
  let target: String
  private let handle: OpaquePointer
  private var buffer = CopyBuffer()
  /// Bytes that are sent at once, or those of a longer row: the memory stays the same, so it stays close.
  private static let piece = 64 << 10

  init(_ handle: OpaquePointer, into target: String) throws {
    (self.handle, self.target) = (handle, target)
    PQexitPipelineMode(handle)
    // The table was made in this transaction: nobody else can see the rows, and they need no second look later.
    guard let pointer = PQexec(handle, "COPY \(target) FROM STDIN (FORMAT binary, FREEZE)") else {
      throw StorageError(.unavailable, handle)
    }
    let result = PostgresResult(pointer)
    guard result.status == PGRES_COPY_IN else {
      PQenterPipelineMode(handle)
      throw StorageError(result)
    }
    try put(CopyBuffer.header)
  }

  mutating func append<R: Row>(_ rows: ArraySlice<R>) throws {
    for row in rows {
      try buffer.append(row)
      if buffer.bytes.count >= Self.piece { try flush() }
    }
    try flush()
  }

  private mutating func flush() throws {
    try put(buffer.bytes)
    // The memory of a very long row is given back.
    buffer.bytes.removeAll(keepingCapacity: buffer.bytes.count < 4 * Self.piece)
  }

  func end(keeping: Bool) throws {
    defer { PQenterPipelineMode(handle) }
    if keeping { try put(CopyBuffer.trailer) }
    guard PQputCopyEnd(handle, keeping ? nil : "given up") == 1 else { throw StorageError(.unavailable, handle) }
    var failure: StorageError?
    while let pointer = PQgetResult(handle) {
      let result = PostgresResult(pointer)
      if result.status != PGRES_COMMAND_OK { failure = failure ?? StorageError(result) }
      guard PQstatus(handle) == CONNECTION_OK else { break }
    }
    if let failure { throw failure }
  }

  private func put(_ bytes: [UInt8]) throws {
    let isSent = bytes.withUnsafeBytes { buffer in
      PQputCopyData(handle, buffer.bindMemory(to: CChar.self).baseAddress, Int32(clamping: buffer.count)) == 1
    }
    guard isSent else { throw StorageError(.unavailable, handle) }
  }
}
