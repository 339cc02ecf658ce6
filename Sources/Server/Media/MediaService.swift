import AnkiFormats
import Foundation
import Logging
import NIOPosix
import SyncCore

/// Answers the calls of the media sync: which bytes, which transaction. What a call means is `MediaSync`'s business.
struct MediaService: Sendable {
  let collections: UserCollections
  let blobs: any BlobStore
  let quota: MediaQuota
  /// The path of a file that does not exist yet.
  let temporary: @Sendable () -> String
  let log: Logger
  /// Milliseconds since 1970.
  let clock: @Sendable () -> Int64

  /// How often an upload puts its bytes again that somebody has removed meanwhile.
  private static let tries = 3
  /// Bytes of a download that may be in memory.
  private static let inMemory = 1 << 20
  /// Bytes of a zip of 25 files that are none of the files'.
  private static let aroundFiles: Int64 = 8 << 10

  private var backend: any Backend { collections.backend }

  func respond(to head: SyncHead, _ account: Int64, body: RequestBody) async throws -> Reply {
    switch head.method {
    case .begin:
      // The host key serves as the key of later calls (sync-protocol.md 7.1).
      return .bytes(Wire.encode(mediaBegin: try await collections.user(account).mediaUSN, key: head.hostKey))
    case .mediaChanges:
      let usn = try body.withBytes { try Wire.mediaChanges($0) }
      return .bytes(Wire.encode(mediaChanges: try await read(account) { try $0.changes(after: usn) }))
    case .mediaSanity:
      let count = try body.withBytes { try Wire.mediaSanity($0) }
      return .bytes(Wire.encode(isMediaSane: try await read(account) { try $0.isSane(count: count) }))
    case .downloadFiles:
      return try await download(account, try body.withBytes { try Wire.downloadFiles($0) })
    case .uploadChanges:
      return try await upload(account, body)
    default:
      throw SyncError(.notFound, "\(head.method.rawValue) is not a call of the media sync")
    }
  }

  private func read<T: Sendable>(
    _ account: Int64, _ body: @escaping @Sendable (MediaSync) throws -> T
  ) async throws -> T {
    do {
      return try await backend.read(.user(account)) { try body(MediaSync($0)) }
    } catch let error as StorageError where error.code == .notFound {
      // Makes the schema anew where its engine keeps nothing.
      _ = try await collections.user(account)
      return try await backend.read(.user(account)) { try body(MediaSync($0)) }
    }
  }

  // MARK: Uploads

  private func upload(_ account: Int64, _ body: RequestBody) async throws -> Reply {
    let zip = try await NIOThreadPool.singleton.runIfActive {
      switch body {
      case .bytes(let bytes): try MediaZip.reading(bytes: bytes)
      case .file(let path, _): try MediaZip.reading(path: path)
      }
    }
    do {
      return .bytes(Wire.encode(try await takeIn(account, zip)))
    } catch let problem as MediaQuotaExceeded {
      log.info("media refused", metadata: ["cause": "the quota"])
      return .bytes(Wire.encode(mediaProblem: problem.message))
    }
  }

  /// Puts the bytes first, then writes the index in one transaction (DESIGN, "Media").
  private func takeIn(_ account: Int64, _ zip: MediaZip) async throws -> MediaOutcome {
    let (now, quota, blobs) = (clock() / 1000, quota, blobs)
    // Nothing is put that the quota would refuse, or that is not wanted, or for a user whose schema is not there.
    let contents = try await read(account) { try $0.plan(zip.changes, quota, now: now).contents }
    let wanted = zip.blobs.filter { contents.contains($0.content) }
    for _ in 0..<Self.tries {
      // Those that are there already are made young again.
      try await blobs.put(account, wanted)
      do {
        let outcome = try await backend.write(.user(account), .acknowledged) { rows in
          try MediaUpdate(rows).apply(zip.changes, quota, now: now) {
            try blobs.missing($0, of: account, $1)
          }
        }
        if let outcome { return outcome }
      } catch let error as StorageError where error.code == .notFound {
        // The user was deleted meanwhile, and so must the bytes be.
        try await blobs.removeAll(account)
        throw error
      }
    }
    throw StorageError(.conflict, "media files were removed while they were taken in")
  }

  // MARK: Downloads

  private func download(_ account: Int64, _ names: [String]) async throws -> Reply {
    let chosen = try await read(account) { try $0.selection(names) }
    let expected = chosen.reduce(Self.aroundFiles) { $0 + min($1.size, Int64(Self.inMemory)) }
    let zip = MediaZipWriter(spilling: temporary(), beyond: Self.inMemory, expecting: expected)
    defer { zip.discard() }
    try await gather(account, chosen, in: zip)
    switch try await NIOThreadPool.singleton.runIfActive(zip.finish) {
    case .bytes(let bytes): return .bytes(bytes)
    case .file(let path, let size): return .file(path: path, size: size) { unlink(path) }
    }
  }

  /// Gathers the bytes of the entries.
  /// - Throws: `sessionConflict` where those of an entry are lost, which is forgotten then.
  private func gather(_ account: Int64, _ entries: [MediaEntry], in zip: MediaZipWriter) async throws {
    let started = clock()
    let files = MediaGathering(entries, in: zip)
    do {
      try files.end(try await blobs.read(account, files.digests, files.add))
    } catch let lost as MediaGathering.Lost {
      throw try await self.lost(account, lost.entry, lost.content, before: started)
    }
  }

  /// Forgets the entry, so that the next sync goes on (sync-protocol.md 7.3, H-14), unless somebody has brought the
  /// bytes again meanwhile.
  private func lost(
    _ account: Int64, _ entry: MediaEntry, _ content: MediaContent, before started: Int64
  ) async throws -> SyncError {
    log.error("the bytes of a media file are lost", metadata: ["sha1": "\(content.digest)"])
    let blobs = blobs
    try await backend.write(.user(account), .acknowledged) { rows in
      // Bytes that are not those of the digest would be taken for them at the next upload.
      try blobs.remove([content.digest], of: account, putBefore: started, rows)
      guard try !blobs.missing([content], of: account, rows).isEmpty else { return }
      try MediaUpdate(rows).forget([entry])
    }
    return SyncError(.sessionConflict, "the bytes of a media file are lost")
  }
}
