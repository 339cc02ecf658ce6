/// A media file of a user, or that there was one (sync-protocol.md 7.2). The bytes are in a ``BlobStore``.
public struct MediaEntry: ChangeTracked {
  public static let table = Table(of: MediaEntry.self, "media", indexes: [.usn, .owner], owner: "content")

  /// In NFC, and no path: what ``MediaName`` lets in.
  public var name = Text()
  /// SHA-1 of the bytes; empty where the file was deleted.
  public private(set) var sha1: [UInt8] = []
  /// Bytes; 0 where the file was deleted.
  public private(set) var size: Int64 = 0
  /// ``User/mediaUSN`` when the entry last changed.
  public var usn: Int64 = 0
  /// Seconds since 1970 of the last change.
  public var mtime: Int64 = 0
  /// The first eight bytes of the SHA-1, so that the entries of given contents are found by an index.
  private var content: Int64 = 0

  public init() {}
  public init(_ name: Text, _ file: MediaContent?, usn: Int64, mtime: Int64) {
    (self.name, self.usn, self.mtime) = (name, usn, mtime)
    guard let file else { return }
    (sha1, size, content) = (file.digest.bytes, file.size, file.digest.prefix)
  }

  public var key: Text { name }
  /// Nil where the file was deleted.
  public var file: MediaContent? { BlobDigest(sha1).map { MediaContent(digest: $0, size: size) } }

  public mutating func columns(_ visitor: inout some ColumnVisitor) throws {
    try visitor.text("name", &name)
    try visitor.blob("sha1", &sha1)
    try visitor.integer("size", &size)
    try visitor.integer("usn", &usn)
    try visitor.integer("mtime", &mtime)
    try visitor.integer("content", &content)
  }
}

/// What a media file, or a part of a kept generation, holds.
public struct MediaContent: Sendable, Hashable {
  public var digest: BlobDigest
  /// Bytes.
  public var size: Int64

  public init(digest: BlobDigest, size: Int64) { (self.digest, self.size) = (digest, size) }

  public init(of bytes: [UInt8]) {
    var builder = BlobDigest.Builder()
    bytes.withUnsafeBytes { builder.add($0) }
    self.init(digest: builder.digest(), size: Int64(bytes.count))
  }
}
