import AnkiFormats
import SyncCore

/// Compresses a file into one zstd frame that is cut into parts. Blocks.
struct PackedFile {
  private let file: StagedFile
  private let longest: Int64
  private var parts: [BlobSource] = []
  /// Where the part that is being written begins, and what is in it so far.
  private var offset: Int64 = 0
  private var size: Int64 = 0
  private var digest = BlobDigest.Builder()

  /// - Parameters:
  ///   - packed: where to write it; there must be no such file. The parts are read from there.
  ///   - longest: bytes of the longest part.
  static func parts(of path: String, in packed: String, longest: Int64) throws -> [BlobSource] {
    var packing = PackedFile(file: try StagedFile(creating: packed), longest: longest)
    defer { packing.file.close() }
    let encoder = try ZstdEncoder(level: 3)
    try FilePieces.read(path) { piece in try encoder.encode(piece) { try packing.add($0) } }
    try encoder.finish { try packing.add($0) }
    packing.endPart()
    return packing.parts
  }

  private init(file: StagedFile, longest: Int64) { (self.file, self.longest) = (file, longest) }

  private mutating func add(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      if size == longest { endPart() }
      let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(Int(longest - size)))
      try file.append(Array(piece))
      digest.add(piece)
      size += Int64(piece.count)
      rest = rest.dropFirst(piece.count)
    }
  }

  private mutating func endPart() {
    let (path, start, content) = (file.path, offset, MediaContent(digest: digest.digest(), size: size))
    parts.append(BlobSource(content) { try FilePieces.read(path, from: start, count: content.size, $0) })
    (offset, size, digest) = (offset + size, 0, BlobDigest.Builder())
  }
}
