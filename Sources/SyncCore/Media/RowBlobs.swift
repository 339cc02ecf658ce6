/// Keeps blobs as rows of the account's schema, for servers without a disk in common (DESIGN, "Media").
public struct RowBlobs: BlobStore {
  /// The rows that are this store's own; nobody else looks at them.
  public static let rows: [any Row.Type] = [Blob.self, BlobPiece.self]

  private let backend: any Backend
  /// Milliseconds since 1970.
  private let clock: @Sendable () -> Int64

  public init(_ backend: any Backend, clock: @escaping @Sendable () -> Int64) {
    (self.backend, self.clock) = (backend, clock)
  }

  public func put(_ account: Int64, _ blobs: [BlobSource]) async throws {
    guard !blobs.isEmpty else { return }
    let now = clock()
    try await backend.write(.user(account), .acknowledged) { rows in
      for blob in blobs { try Self.put(blob, now: now, rows) }
    }
  }

  private static func put(_ blob: BlobSource, now: Int64, _ rows: any RowStore) throws {
    let content = blob.content
    guard try rows.first(Blob.self, content.digest.key)?.size != content.size else {
      return try rows.upsert([Blob(StoredBlob(content, put: now))])
    }
    var writer = PieceWriter(digest: content.digest.key, rows: rows)
    try blob.proven { try writer.append($0) }
    try writer.flush()
    try rows.upsert([Blob(StoredBlob(content, put: now))])
  }

  public func read(
    _ account: Int64, _ digest: BlobDigest, _ body: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Void
  ) async throws -> Bool {
    try await backend.read(.user(account)) { rows in
      guard let blob = try rows.first(Blob.self, digest.key) else { return false }
      for number in 0..<blob.pieceCount {
        guard let piece = try rows.first(BlobPiece.self, BlobPieceKey(digest.key, number)) else { return false }
        try piece.bytes.withUnsafeBytes(body)
      }
      return true
    }
  }

  public func missing(
    _ contents: Set<MediaContent>, of account: Int64, _ rows: any RowReader
  ) throws -> Set<MediaContent> {
    let found = try rows.fetch(Blob.self, .keys(contents.map(\.digest.key)))
    return contents.subtracting(found.compactMap { $0.stored?.content })
  }

  public func list(_ account: Int64, after: BlobDigest?, limit: Int) async throws -> [StoredBlob] {
    try await backend.read(.user(account)) { rows in
      try rows.fetch(Blob.self, .page(after: after?.key, limit: limit)).compactMap(\.stored)
    }
  }

  public func remove(
    _ digests: [BlobDigest], of account: Int64, putBefore time: Int64, _ rows: any RowStore
  ) throws {
    let old = try rows.fetch(Blob.self, .keys(digests.map(\.key))).filter { $0.put < time }
    for blob in old {
      try rows.delete(BlobPiece.self, (0..<blob.pieceCount).map { BlobPieceKey(blob.digest, $0) })
    }
    try rows.delete(Blob.self, old.map(\.digest))
  }

  /// They went with the schema.
  public func removeAll(_ account: Int64) async throws {}
}

/// Gathers bytes into pieces, and each into a row.
private struct PieceWriter {
  let digest: Text
  let rows: any RowStore
  private(set) var size: Int64 = 0
  private var piece: [UInt8] = []
  private var number: Int64 = 0

  init(digest: Text, rows: any RowStore) { (self.digest, self.rows) = (digest, rows) }

  mutating func append(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = rest.prefix(BlobPiece.longest - piece.count)
      piece.append(contentsOf: part)
      rest = rest.dropFirst(part.count)
      if piece.count == BlobPiece.longest { try flush() }
    }
  }

  mutating func flush() throws {
    guard !piece.isEmpty else { return }
    try rows.upsert([BlobPiece(BlobPieceKey(digest, number), piece)])
    size += Int64(piece.count)
    number += 1
    piece.removeAll(keepingCapacity: true)
  }
}
