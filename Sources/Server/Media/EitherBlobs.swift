import SyncCore

/// Keeps blobs in the store that is chosen now, and finds those that were put when the other one was.
struct EitherBlobs: BlobStore {
  let chosen: any BlobStore
  let other: any BlobStore

  func put(_ account: Int64, _ blobs: [BlobSource]) async throws { try await chosen.put(account, blobs) }

  func read(
    _ account: Int64, _ digest: BlobDigest, _ body: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Void
  ) async throws -> Bool {
    if try await chosen.read(account, digest, body) { return true }
    return try await other.read(account, digest, body)
  }

  func read(
    _ account: Int64, _ digests: [BlobDigest], _ body: @escaping @Sendable (Int, UnsafeRawBufferPointer) throws -> Void
  ) async throws -> Int {
    var count = 0
    while count < digests.count {
      let start = count
      count += try await chosen.read(account, Array(digests[start...])) { try body(start + $0, $1) }
      let next = count
      guard next < digests.count, try await other.read(account, digests[next], { try body(next, $0) }) else { break }
      count += 1
    }
    return count
  }

  func missing(
    _ contents: Set<MediaContent>, of account: Int64, _ rows: any RowReader
  ) throws -> Set<MediaContent> {
    let missing = try chosen.missing(contents, of: account, rows)
    return missing.isEmpty ? missing : try other.missing(missing, of: account, rows)
  }

  func list(_ account: Int64, after: BlobDigest?, limit: Int) async throws -> [StoredBlob] {
    var both = try await chosen.list(account, after: after, limit: limit)
    both += try await other.list(account, after: after, limit: limit)
    // Of a blob that both have the younger one counts.
    let known = Dictionary(both.map { ($0.content.digest, $0) }) { $0.put > $1.put ? $0 : $1 }
    return Array(known.values.sorted { $0.content.digest < $1.content.digest }.prefix(limit))
  }

  func remove(
    _ digests: [BlobDigest], of account: Int64, putBefore time: Int64, _ rows: any RowStore
  ) throws {
    try chosen.remove(digests, of: account, putBefore: time, rows)
    try other.remove(digests, of: account, putBefore: time, rows)
  }

  func removeAll(_ account: Int64) async throws {
    try await chosen.removeAll(account)
    try await other.removeAll(account)
  }
}
