import AnkiFormats
import Foundation
import SyncCore

/// Writes a collection to a file for a full download. Files are kept for a while: after an upload several devices ask
/// for the same one.
actor Downloads {
  /// What a file was made from; equal stamps mean equal contents.
  private struct Stamp: Hashable {
    let account: Int64
    let generation: Int64
    let mod: Int64
    let usn: Int64
    let schema: CollectionFile.Version
  }

  private struct Entry {
    let path: String
    let size: Int
    var readers = 0
    var lastUse = 0
  }

  private let collections: UserCollections
  private let generations: Generations
  private let folder: WorkFolder
  /// Those who write a whole collection take turns: it keeps a thread of the storage for seconds, and others need some.
  private let turns: Turns<Bool>
  /// Bytes of files that nobody is reading and that are kept all the same.
  private let capacity: Int
  private var entries: [Stamp: Entry] = [:]
  private var writing: [Stamp: Task<Int, any Error>] = [:]
  private var uses = 0
  /// How often a file is begun anew because the collection has changed.
  private static let tries = 5

  init(
    _ collections: UserCollections, _ generations: Generations, _ folder: WorkFolder, turns: Turns<Bool>, capacity: Int
  ) {
    (self.collections, self.generations, self.folder) = (collections, generations, folder)
    (self.turns, self.capacity) = (turns, capacity)
  }

  /// The current collection as a file (sync-protocol.md 6.12).
  func file(_ account: Int64, _ schema: CollectionFile.Version) async throws -> Reply {
    try await generations.ensure(account)
    let stamp = try await written(account, schema)
    guard let entry = entries[stamp] else {
      throw StorageError(.unavailable, "the download was dropped before it was sent")
    }
    uses += 1
    entries[stamp]?.readers += 1
    entries[stamp]?.lastUse = uses
    return .file(path: entry.path, size: entry.size) { Task { await self.release(stamp) } }
  }

  /// Sees to it that there is a file of what the collection is now.
  private func written(_ account: Int64, _ schema: CollectionFile.Version) async throws -> Stamp {
    for _ in 1..<Self.tries {
      let stamp = try await stamp(account, schema)
      if entries[stamp] != nil { return stamp }
      do {
        try await write(stamp)
        return stamp
      } catch let error as StorageError where error.code == .conflict {
        // It was synced while this waited for its turn.
      }
    }
    let stamp = try await stamp(account, schema)
    try await write(stamp)
    return stamp
  }

  private func stamp(_ account: Int64, _ schema: CollectionFile.Version) async throws -> Stamp {
    let generation = try await collections.current(account)
    let stamp = try await collections.read(account) { _, col in
      Stamp(account: account, generation: generation, mod: col.mod, usn: col.usn, schema: schema)
    }
    guard let stamp else { throw StorageError(.notFound, "account \(account) has no collection") }
    return stamp
  }

  private func write(_ stamp: Stamp) async throws {
    let path = path(stamp)
    let task =
      writing[stamp]
      ?? Task {
        let size = try await write(stamp, to: path)
        guard let size else { throw StorageError(.notFound, "account \(stamp.account) has no collection") }
        return size
      }
    writing[stamp] = task
    defer { writing[stamp] = nil }
    do {
      let size = try await task.value
      if entries[stamp] == nil { entries[stamp] = Entry(path: path, size: size) }
      evict(sparing: stamp)
    } catch {
      if entries[stamp] == nil { unlink(path) }
      throw error
    }
  }

  /// - Returns: how large the file is; nil where there is no collection.
  private nonisolated func write(_ stamp: Stamp, to path: String) async throws -> Int? {
    try await turns.take(true) {
      try await collections.read(stamp.account) { rows, col in
        guard col.mod == stamp.mod, col.usn == stamp.usn else {
          throw StorageError(.conflict, "the collection changed while it was being written")
        }
        try CollectionFile.write(schema: stamp.schema, path: path, from: rows)
        return try Int(FileManager.default.attributesOfItem(atPath: path)[.size] as? UInt64 ?? 0)
      }
    }
  }

  private func path(_ stamp: Stamp) -> String {
    "\(folder.path)/download-\(stamp.account)-\(stamp.generation)-\(stamp.mod)-\(stamp.usn)-\(stamp.schema)"
  }

  private func release(_ stamp: Stamp) {
    entries[stamp]?.readers -= 1
    evict(sparing: nil)
  }

  /// Removes files that nobody reads: those of older states at once, others when they take too much room.
  private func evict(sparing kept: Stamp?) {
    let idle = entries.filter { $0.value.readers == 0 && $0.key != kept }
    for stamp in idle.keys where entries.keys.contains(where: { $0.account == stamp.account && $0.mod > stamp.mod }) {
      drop(stamp)
    }
    var total = entries.values.reduce(0) { $0 + $1.size }
    for (stamp, entry) in idle.sorted(by: { $0.value.lastUse < $1.value.lastUse }) where total > capacity {
      guard entries[stamp] != nil else { continue }
      drop(stamp)
      total -= entry.size
    }
  }

  private func drop(_ stamp: Stamp) {
    if let entry = entries.removeValue(forKey: stamp) { unlink(entry.path) }
  }
}
