import AnkiFormats
import Foundation
import SyncCore

/// Replaces a user's collection as a whole, and keeps what was replaced (DESIGN, "Full upload, crash by crash").
struct Generations: Sendable {
  let collections: UserCollections
  let blobs: any BlobStore
  let folder: WorkFolder
  /// Milliseconds since 1970.
  let clock: @Sendable () -> Int64
  /// How long a load may take before others drop it, in milliseconds.
  let lease: Int64
  let limits: CollectionLimits
  /// Bytes of the longest part that a kept file is cut into: what one transaction of the ``BlobStore`` takes.
  var longestPart: Int64 = 64 << 20

  var backend: any Backend { collections.backend }

  /// Loads an uploaded file and makes it the current collection; durable when it returns.
  /// - Throws: `CollectionFault` where the file is at fault, `conflict` where another upload was faster. Nothing is
  ///   changed then.
  func replace(_ account: Int64, with path: String, origin: String) async throws {
    try await replace(account, origin: origin) { loader in
      try CollectionFile.read(path: path, limits: limits, into: loader)
    }
  }

  /// Makes an empty collection where there is none, for a client that asks before anybody has uploaded.
  func ensure(_ account: Int64) async throws {
    guard try await collections.current(account) == 0 else { return }
    let created = try await collections.user(account).created
    let crt = created / 1000
    do {
      try await replace(account, origin: "new") { loader in
        try CollectionFile.minimal(crt: crt, scm: created, into: loader)
        return nil
      }
    } catch let error as StorageError where error.code == .conflict {
      // Somebody else has just made one, which serves as well.
    }
  }

  /// Loads a kept file as a new generation with stamps of its own, so that every device is asked to fetch it.
  /// - Throws: `notFound` where there is no such generation to restore.
  func restore(_ account: Int64, _ number: Int64) async throws {
    var generation = try await find(account, number)
    if generation.state == .sealed {
      try await retire(account, generation)
      generation = try await find(account, number)
    }
    guard generation.state == .kept else {
      throw StorageError(.notFound, "generation \(number) cannot be restored: it is \(generation.state)")
    }
    let path = folder.newFile("restore")
    defer { unlink(path) }
    try await unpack(account, generation, to: path)
    let now = clock()
    try await replace(account, origin: "restore of \(number)") { loader in
      try CollectionFile.read(path: path, limits: limits, into: Restamped(loader, now: now))
    }
  }

  /// Every generation of an account, newest first.
  func list(_ account: Int64) async throws -> [Generation] {
    try await backend.read(.user(account)) { try $0.fetch(Generation.self, .all) }
      .filter { $0.state != .loading }
      .sorted { $0.number > $1.number }
  }

  private func find(_ account: Int64, _ number: Int64) async throws -> Generation {
    let found = try await backend.read(.user(account)) { try $0.first(Generation.self, number) }
    guard let found else { throw StorageError(.notFound, "there is no generation \(number)") }
    return found
  }

  // MARK: Replacing

  private func replace(
    _ account: Int64, origin: String,
    _ fill: @escaping @Sendable (any RowLoader) throws -> CollectionSummary?
  ) async throws {
    // Makes the schema anew where an engine that keeps nothing has lost it.
    _ = try await collections.user(account)
    let number = try await reserve(account, origin: origin)
    do {
      let summary = try await backend.load(.collection(user: account, generation: number), fill)
      try await describe(account, number, summary)
    } catch {
      // Best effort: what is left of it is dropped with its lease.
      try? await discard(account, number)
      throw error
    }
    // From here on an error leaves everything to whoever meets the seal, or to the lease: a generation that a seal
    // names must not be dropped, and whether the seal was written may be unknown.
    try await install(account, number)
    // The upload is none the worse where this fails; the janitor tries again, and says what is wrong.
    _ = try? await collections.show(account)
  }

  private func reserve(_ account: Int64, origin: String) async throws -> Int64 {
    var generation = Generation()
    generation.state = .loading
    generation.created = clock()
    generation.lease = generation.created + lease
    generation.origin = Text(origin)
    generation.instance = Text(folder.instance)
    return try await backend.write(.user(account), .acknowledged) { [generation] rows in
      var user = try rows.user()
      user.lastGeneration += 1
      var reserved = generation
      reserved.number = user.lastGeneration
      try rows.upsert([user])
      try rows.upsert([reserved])
      return reserved.number
    }
  }

  private func describe(_ account: Int64, _ number: Int64, _ summary: CollectionSummary?) async throws {
    try await backend.write(.user(account), .relaxed) { rows in
      guard var generation = try rows.first(Generation.self, number) else {
        throw StorageError(.conflict, "the upload took too long and was dropped")
      }
      generation.notes = summary?.notes ?? 0
      generation.cards = summary?.cards ?? 0
      generation.reviews = summary?.reviews ?? 0
      generation.lease = clock() + lease
      try rows.upsert([generation])
    }
  }

  /// Seals the current generation and moves the pointer.
  private func install(_ account: Int64, _ number: Int64) async throws {
    let old = try await collections.user(account).generation
    if old > 0 {
      do {
        try await backend.write(.collection(user: account, generation: old), .acknowledged) { rows in
          var col = try rows.col()
          col.successor = number
          try rows.upsert([col])
          try rows.delete(Session.self, [1])
        }
      } catch let error as StorageError {
        guard case .sealed(let successor) = error.code else { throw error }
        try await collections.advance(account, from: old, to: successor)
        return try await yield(account, number)
      }
    }
    try await collections.advance(account, from: old, to: number)
    if try await collections.current(account) != number { try await yield(account, number) }
  }

  private func yield(_ account: Int64, _ number: Int64) async throws {
    try await discard(account, number)
    throw StorageError(.conflict, "another upload of this collection was faster")
  }

  private func discard(_ account: Int64, _ number: Int64) async throws {
    guard try await collections.user(account).generation != number else { return }
    try await backend.drop(.collection(user: account, generation: number))
    try await backend.write(.user(account), .relaxed) { try $0.delete(Generation.self, [number]) }
  }

  // MARK: Tidying

  /// Drops loads that died, turns sealed generations into files, and forgets those that are neither among the newest
  /// nor young enough.
  func tidy(_ account: Int64, keep: Int, forMilliseconds age: Int64) async throws {
    let now = clock()
    for generation in try await backend.read(.user(account), { try $0.fetch(Generation.self, .all) }) {
      switch generation.state {
      case .loading where generation.lease <= now || folder.isDead(generation.instance.string):
        try await finishLoad(account, generation)
      case .sealed: try await retire(account, generation)
      // Where the process died between the file and the drop.
      case .kept: try await backend.drop(.collection(user: account, generation: generation.number))
      default: continue
      }
    }
    let old = try await list(account).filter { $0.state == .kept }
    for generation in old.dropFirst(keep) where generation.replaced + age <= now {
      try await forget(account, generation)
    }
  }

  /// A load whose process is gone: it is installed already if its predecessor names it, else it is dropped.
  private func finishLoad(_ account: Int64, _ generation: Generation) async throws {
    let old = try await collections.current(account)
    if old > 0 {
      let schema = Schema.collection(user: account, generation: old)
      let successor = try await backend.read(schema) { try $0.first(Col.self, 1)?.successor ?? 0 }
      if successor == generation.number {
        return try await collections.advance(account, from: old, to: successor)
      }
    }
    try await discard(account, generation.number)
  }

  func forget(_ account: Int64, _ generation: Generation) async throws {
    try await backend.write(.user(account), .acknowledged) { try $0.forget(generation: generation.number) }
  }
}

/// Gives a restored collection stamps of its own on the way in: equal ones would tell the devices that nothing
/// happened (sync-protocol.md 5).
private final class Restamped: RowLoader {
  private let loader: any RowLoader
  private let now: Int64

  init(_ loader: any RowLoader, now: Int64) { (self.loader, self.now) = (loader, now) }

  func append<R: Row>(_ rows: [R]) throws {
    guard var col = rows.first as? Col else { return try loader.append(rows) }
    col.scm = max(now, col.scm + 1)
    col.mod = max(now, col.mod + 1)
    col.ls = col.mod
    try loader.append([col])
  }
}
