import AnkiFormats
import Foundation
import NIOPosix
import SyncCore

/// What was replaced is kept as one compressed file in parts, each of them a blob.
extension Generations {
  /// Puts a sealed generation into blobs, then drops its schema. One that never held a note is only dropped.
  func retire(_ account: Int64, _ generation: Generation) async throws {
    let schema = Schema.collection(user: account, generation: generation.number)
    if generation.notes + generation.cards == 0 {
      try await backend.drop(schema)
      return try await forget(account, generation)
    }
    try await record(account, generation.number, try await pack(account, schema))
    try await backend.drop(schema)
  }

  private func record(_ account: Int64, _ number: Int64, _ parts: [MediaContent]) async throws {
    do {
      try await backend.write(.user(account), .acknowledged) { try record($0, account, number, parts) }
    } catch let error as StorageError where error.code == .notFound {
      // The user was deleted meanwhile, and so must the bytes be.
      try await blobs.removeAll(account)
      throw error
    }
  }

  private func record(_ rows: any RowStore, _ account: Int64, _ number: Int64, _ parts: [MediaContent]) throws {
    guard var row = try rows.first(Generation.self, number), row.state == .sealed else { return }
    // A collector in another process may have been faster than us; from here on it waits (DESIGN, "Media").
    guard try blobs.missing(Set(parts), of: account, rows).isEmpty else {
      throw StorageError(.conflict, "the bytes of generation \(number) were removed while it was put away")
    }
    row.state = .kept
    row.size = parts.reduce(0) { $0 + $1.size }
    try rows.upsert([row])
    try rows.upsert(parts.enumerated().map { GenerationPart(of: number, Int64($0), $1) })
  }

  /// Writes a collection to a compressed file, and its parts to the store, one transaction each.
  private func pack(_ account: Int64, _ schema: Schema) async throws -> [MediaContent] {
    let (plain, packed) = (folder.newFile("retire"), folder.newFile("packed"))
    defer { for path in [plain, packed] { unlink(path) } }
    try await backend.read(schema) { try CollectionFile.write(schema: .v18, path: plain, from: $0) }
    let parts = try await NIOThreadPool.singleton.runIfActive {
      try PackedFile.parts(of: plain, in: packed, longest: longestPart)
    }
    for part in parts { try await blobs.put(account, [part]) }
    return parts.map(\.content)
  }

  /// Writes the file that a generation is kept as.
  /// - Throws: `corrupt` where its bytes are lost, or are others.
  func unpack(_ account: Int64, _ generation: Generation, to path: String) async throws {
    let parts = try await backend.read(.user(account)) { rows in
      try rows.fetch(GenerationPart.self, .owned(by: generation.number)).compactMap(\.content)
    }
    do {
      let file = try UnpackedFile(creating: path)
      for part in parts {
        let check = BlobCheck(part)
        let isThere = try await blobs.read(account, part.digest) { bytes in
          check.add(bytes)
          try file.add(bytes)
        }
        guard isThere, check.isWhole else { throw ArchiveError.corrupt }
      }
      try file.finish()
    } catch is ArchiveError {
      throw StorageError(.corrupt, "the bytes of generation \(generation.number) are lost or have changed")
    }
  }
}
