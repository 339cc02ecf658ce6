/// A blob that is kept in rows; its bytes are in ``BlobPiece``s.
public struct Blob: Row {
  public static let table = Table(of: Blob.self, "blob")

  /// 40 hex digits.
  public var digest = Text()
  /// Bytes.
  public var size: Int64 = 0
  /// Milliseconds since 1970 when it was last put.
  public var put: Int64 = 0

  public init() {}
  init(_ blob: StoredBlob) { (digest, size, put) = (blob.content.digest.key, blob.content.size, blob.put) }
  public var key: Text { digest }

  var pieceCount: Int64 { (max(size, 0) + Int64(BlobPiece.longest) - 1) / Int64(BlobPiece.longest) }
  var stored: StoredBlob? {
    BlobDigest(hex: digest.string).map { StoredBlob(MediaContent(digest: $0, size: size), put: put) }
  }

  public mutating func columns(_ visitor: inout some ColumnVisitor) throws {
    try visitor.text("digest", &digest)
    try visitor.integer("size", &size)
    try visitor.integer("put_at", &put)
  }
}

/// A part of a blob.
public struct BlobPiece: Row {
  public static let table = Table(of: BlobPiece.self, "blob_piece")
  /// Bytes of every piece but the last.
  static let longest = 1 << 20

  public var id = BlobPieceKey()
  public var bytes: [UInt8] = []

  public init() {}
  init(_ id: BlobPieceKey, _ bytes: [UInt8]) { (self.id, self.bytes) = (id, bytes) }
  public var key: BlobPieceKey { id }

  public mutating func columns(_ visitor: inout some ColumnVisitor) throws {
    try id.columns(&visitor, ["digest", "number"])
    try visitor.blob("bytes", &bytes)
  }
}

/// Names a piece: the blob, and the place of the piece in it, from 0.
public struct BlobPieceKey: RowKey {
  public var digest = Text()
  public var number: Int64 = 0

  public init() {}
  init(_ digest: Text, _ number: Int64) { (self.digest, self.number) = (digest, number) }

  public static func < (a: BlobPieceKey, b: BlobPieceKey) -> Bool { (a.digest, a.number) < (b.digest, b.number) }
  public mutating func columns(_ visitor: inout some ColumnVisitor, _ names: [StaticString]) throws {
    try visitor.text(names[0], &digest)
    try visitor.integer(names[1], &number)
  }
}

extension BlobDigest {
  /// How rows name a blob.
  var key: Text { Text(hex) }
}
