import Foundation
import NIOPosix
import SyncCore

/// The bytes of media files and kept generations.
extension StorageCopy {
  /// What is put in one transaction, at most: blobs, and bytes unless a single one has more.
  private static let batchCount = 100
  private static let batchBytes: Int64 = 32 << 20

  /// Puts what is in use into the target's store, and reads everything there.
  func copyBlobs(of account: Int64) async throws -> Tally {
    let used = try await target.users.read(.user(account)) { try $0.usedContents() }
    var tally = Tally(blobs: used.count)
    var batch: [MediaContent] = []
    for content in used.sorted(by: { $0.digest < $1.digest }) {
      tally.bytes += content.size
      if try await isWhole(content, of: account) { continue }
      batch.append(content)
      guard batch.count == Self.batchCount || batch.reduce(0, { $0 + $1.size }) >= Self.batchBytes else { continue }
      try await copy(batch, of: account)
      batch = []
    }
    try await copy(batch, of: account)
    return tally
  }

  private func copy(_ batch: [MediaContent], of account: Int64) async throws {
    var sources: [BlobSource] = []
    var paths: [String] = []
    defer { for path in paths { unlink(path) } }
    for content in batch {
      paths.append(newFile())
      sources.append(try await fetch(content, of: account, to: paths[paths.count - 1]))
    }
    try await targetBlobs.put(account, sources)
    for content in batch {
      guard try await isWhole(content, of: account) else {
        throw StorageError(.corrupt, "the bytes of \(content.digest) are not the same in the copy")
      }
    }
  }

  /// Writes a blob of the source to a file, from which another thread may read it.
  private func fetch(_ content: MediaContent, of account: Int64, to path: String) async throws -> BlobSource {
    let file = try StagedFile(creating: path)
    defer { file.close() }
    let check = BlobCheck(content)
    let isThere = try await sourceBlobs.read(account, content.digest) { bytes in
      check.add(bytes)
      try file.append(Array(bytes))
    }
    guard isThere, check.isWhole else {
      throw StorageError(
        .corrupt,
        "bytes of media files or kept generations are lost or have changed at the source; see to them there first, "
          + "with `djankiserv media check --repair`")
    }
    return BlobSource(content) { try FilePieces.read(path, $0) }
  }

  /// Whether the target has these bytes.
  private func isWhole(_ content: MediaContent, of account: Int64) async throws -> Bool {
    let check = BlobCheck(content)
    return try await targetBlobs.read(account, content.digest, check.add) && check.isWhole
  }
}
