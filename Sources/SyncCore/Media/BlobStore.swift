/// Keeps the bytes of files, by their digest; each account has its own (DESIGN, "Media"). The words of each law are the
/// name of its test.
///
/// An index row in the account's schema says what is in use: a ``MediaEntry`` or a ``GenerationPart``. Bytes are put
/// first, and the index is written in a transaction that has found them there; they are removed in a transaction that
/// has found no index row. So an index row without bytes cannot come to be, and bytes without a row are harmless.
public protocol BlobStore: Sendable {
  /// Keeps blobs; they are on the disk when this returns. All of them may be one transaction.
  /// - What was put is read back as it was.
  /// - Putting equal contents again keeps one copy, which is young again.
  /// - Bytes that are not those of their digest are refused, and nothing of them is kept.
  /// - A source that throws leaves nothing under its digest.
  func put(_ account: Int64, _ blobs: [BlobSource]) async throws

  /// Hands the bytes of a blob to `body`, in pieces of at most 1 MiB.
  /// - Reading what is not there says so and hands over nothing.
  /// - Accounts share nothing.
  /// - Returns: whether the blob is there.
  func read(
    _ account: Int64, _ digest: BlobDigest, _ body: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Void
  ) async throws -> Bool

  /// Hands the bytes of several blobs to `body`, one after the other, each with its place in the list.
  /// - Reading several ends before the first that is not there.
  /// - Returns: how many were read.
  func read(
    _ account: Int64, _ digests: [BlobDigest], _ body: @escaping @Sendable (Int, UnsafeRawBufferPointer) throws -> Void
  ) async throws -> Int

  /// Those of the contents that are not there, or not in their whole length. Called in a transaction on the account's
  /// schema.
  /// - A blob is missing until it is put, and when it is removed.
  func missing(_ contents: Set<MediaContent>, of account: Int64, _ rows: any RowReader) throws -> Set<MediaContent>

  /// Blobs in the order of their digests, behind one of them.
  /// - Listing gives every blob once.
  func list(_ account: Int64, after: BlobDigest?, limit: Int) async throws -> [StoredBlob]

  /// Removes blobs that were last put before a time, in milliseconds since 1970. Called in a transaction on the
  /// account's schema.
  /// - Removing spares what is younger, and what is not there is nothing.
  func remove(_ digests: [BlobDigest], of account: Int64, putBefore time: Int64, _ rows: any RowStore) throws

  /// Removes everything of an account whose schema is gone. Again = nothing.
  func removeAll(_ account: Int64) async throws
}

extension BlobStore {
  public func read(
    _ account: Int64, _ digests: [BlobDigest], _ body: @escaping @Sendable (Int, UnsafeRawBufferPointer) throws -> Void
  ) async throws -> Int {
    for (place, digest) in digests.enumerated() {
      guard try await read(account, digest, { try body(place, $0) }) else { return place }
    }
    return digests.count
  }
}

/// Bytes that are to be kept.
public struct BlobSource: Sendable {
  public typealias Pieces = @Sendable (_ body: (UnsafeRawBufferPointer) throws -> Void) throws -> Void

  public let content: MediaContent
  /// Hands over the bytes from their beginning, piece by piece, whenever it is called. May block.
  public let pieces: Pieces
  /// Whether the content was told from the very bytes that are handed over, so that nobody has to look again.
  private let isProven: Bool

  public init(_ content: MediaContent, pieces: @escaping Pieces) {
    (self.content, self.pieces, isProven) = (content, pieces, false)
  }

  /// Bytes in memory.
  public init(_ bytes: [UInt8]) {
    content = MediaContent(of: bytes)
    pieces = { body in try bytes.withUnsafeBytes(body) }
    isProven = true
  }

  /// Hands over the bytes like ``pieces``, and proves them.
  /// - Throws: `corrupt` at their end where they are not those of the content, and what `body` throws.
  public func proven(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    if isProven { return try pieces(body) }
    var builder = BlobDigest.Builder()
    var size: Int64 = 0
    try pieces { bytes in
      builder.add(bytes)
      size += Int64(bytes.count)
      try body(bytes)
    }
    guard builder.digest() == content.digest, size == content.size else {
      throw StorageError(.corrupt, "a blob is not what its digest says")
    }
  }
}

/// A blob as it is found in a store.
public struct StoredBlob: Sendable, Equatable {
  public var content: MediaContent
  /// Milliseconds since 1970 when it was last put.
  public var put: Int64

  public init(_ content: MediaContent, put: Int64) { (self.content, self.put) = (content, put) }
}
