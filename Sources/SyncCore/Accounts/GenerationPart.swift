/// A part of the file that a replaced generation is kept as (DESIGN, "Full upload, crash by crash"). The bytes are in a
/// ``BlobStore``.
public struct GenerationPart: Row {
  public static let table = Table(of: GenerationPart.self, "generation_part", owner: "generation")

  public var id = PairKey()
  /// SHA-1 of the bytes.
  public private(set) var sha1: [UInt8] = []
  /// Bytes.
  public private(set) var size: Int64 = 0

  public init() {}
  /// - Parameter number: its place in the file, from 0.
  public init(of generation: Int64, _ number: Int64, _ content: MediaContent) {
    (id, sha1, size) = (PairKey(generation, number), content.digest.bytes, content.size)
  }

  public var key: PairKey { id }
  public var generation: Int64 { id.first }
  /// Nil where the row is not one that was written here.
  public var content: MediaContent? { BlobDigest(sha1).map { MediaContent(digest: $0, size: size) } }

  public mutating func columns(_ visitor: inout some ColumnVisitor) throws {
    try id.columns(&visitor, ["generation", "number"])
    try visitor.blob("sha1", &sha1)
    try visitor.integer("size", &size)
  }
}

extension RowStore {
  /// Forgets a generation. The bytes that it was kept in are then a collector's business.
  public func forget(generation number: Int64) throws {
    try delete(GenerationPart.self, fetch(GenerationPart.self, .owned(by: number)).map(\.key))
    try delete(Generation.self, [number])
  }
}
