import AnkiFormats

/// A file that is written from the parts of a ``PackedFile`` as they come by. Every call blocks.
///
/// Unchecked: it is used by one thread at a time, since whoever reads a blob waits for its end before reading the next.
final class UnpackedFile: @unchecked Sendable {
  private let file: StagedFile
  private let decoder: ZstdDecoder

  /// - Parameter path: where to write it; there must be no such file.
  init(creating path: String) throws {
    decoder = try ZstdDecoder(limit: .max)
    file = try StagedFile(creating: path)
  }

  func add(_ bytes: UnsafeRawBufferPointer) throws { try decoder.decode(bytes) { try file.append(Array($0)) } }

  /// Says that no more comes.
  /// - Throws: `ArchiveError` where it is not whole.
  func finish() throws {
    try decoder.finish()
    file.close()
  }
}
