import Foundation
import SyncCore
import Testing

@testable import Server

@Suite("Kept generations")
struct KeepingTests {
  private static let account = Installed.account
  private static let day: Int64 = 86_400_000
  private static let stores: [StoreKind] = [.files, .rows, .rowsThenFiles]

  /// A user whose first generation was replaced and kept.
  private static func installed(_ store: StoreKind) async throws -> Installed {
    let installed = try await Installed(store)
    let process = try installed.process()
    try await process.replace(account, with: installed.file(notes: [1], scm: 1), origin: "first")
    try await process.replace(account, with: installed.file(notes: [2], scm: 2), origin: "second")
    try await process.tidy(account, keep: 3, forMilliseconds: 0)
    return installed
  }

  private static func parts(_ installed: Installed) async throws -> [GenerationPart] {
    try await installed.backend.read(.user(account)) { try $0.fetch(GenerationPart.self, .all) }
  }

  private static func blobs(_ process: Generations) async throws -> [StoredBlob] {
    try await process.blobs.list(account, after: nil, limit: .max)
  }

  @Test("a replaced collection is kept, and restored with stamps of its own", arguments: stores, [true, false])
  func restore(store: StoreKind, isKeptAlready: Bool) async throws {
    let installed = try await Installed(store)
    let process = try installed.process()
    try await process.replace(Self.account, with: installed.file(notes: [1], scm: 1), origin: "first")
    try await process.replace(Self.account, with: installed.file(notes: [2], scm: 2), origin: "second")
    if isKeptAlready { try await process.tidy(Self.account, keep: 3, forMilliseconds: 0) }
    try await process.restore(Self.account, 1)
    #expect(try await installed.notes(process) == [1])
    let col = try #require(try await process.collections.read(Self.account) { _, col in col })
    #expect(col.scm == 1_700_000_000_000 && col.mod == 1_700_000_000_000)
    let origins = try await process.list(Self.account).map(\.origin)
    #expect(origins == ["restore of 1", "second", "first"])
    await #expect(throws: StorageError.self) { try await process.restore(Self.account, 99) }
  }

  @Test("a kept collection is blobs of a limited size, and nothing beside them", arguments: stores)
  func parts(store: StoreKind) async throws {
    let installed = try await Self.installed(store)
    let process = try installed.process()
    let parts = try await Self.parts(installed).compactMap(\.content)
    #expect(parts.count > 1 && parts.dropLast().allSatisfy { $0.size == process.longestPart })
    #expect(try await process.list(Self.account).last?.size == parts.reduce(0) { $0 + $1.size })
    #expect(try await Set(Self.blobs(process).map(\.content)) == Set(parts))
    let folder = "\(installed.root)/blobs/\(Self.account)"
    #expect(FileManager.default.fileExists(atPath: folder) == (store == .files))
  }

  @Test("what was kept by one setting is restored with the other", arguments: [StoreKind.files, .rows])
  func otherStore(store: StoreKind) async throws {
    let installed = try await Self.installed(store)
    let other: StoreKind = store == .files ? .rowsThenFiles : .filesThenRows
    let process = try installed.process(keeping: other)
    try await process.restore(Self.account, 1)
    #expect(try await installed.notes(process) == [1])
  }

  @Test(
    "what is replaced is kept while it is among the newest or young enough, and then its bytes go", arguments: stores)
  func keeping(store: StoreKind) async throws {
    let installed = try await Installed(store)
    for number in 1...6 as ClosedRange<Int64> {
      let process = try installed.process(now: number * 1000)
      try await process.replace(
        Self.account, with: installed.file(notes: [number], scm: number), origin: "\(number)")
    }
    let later = try installed.process(now: 10_000)
    try await later.tidy(Self.account, keep: 2, forMilliseconds: 7000)
    #expect(try await later.list(Self.account).map(\.number) == [6, 5, 4, 3])
    try await later.tidy(Self.account, keep: 2, forMilliseconds: 0)
    #expect(try await later.list(Self.account).map(\.number) == [6, 5, 4])
    let kept = try await Self.parts(installed)
    #expect(Set(kept.map(\.generation)) == [4, 5])
    let muchLater = try installed.process(now: 20_000 + Self.day)
    #expect(try await installed.care(muchLater).collect(Self.account) > 0)
    #expect(try await Set(Self.blobs(muchLater).map(\.content)) == Set(kept.compactMap(\.content)))
    try await muchLater.restore(Self.account, 4)
    #expect(try await installed.notes(muchLater) == [4])
  }

  @Test("bytes that a media file shares with a generation go with the last of them", arguments: stores)
  func shared(store: StoreKind) async throws {
    let installed = try await Self.installed(store)
    let content = try #require(try await Self.parts(installed).first?.content)
    let entry = MediaEntry("a.jpg", content, usn: 1, mtime: 1)
    try await installed.backend.write(.user(Self.account), .acknowledged) { rows in
      try rows.upsert([entry])
      try rows.forget(generation: 1)
    }
    let later = try installed.process(now: 1_700_000_000_001 + Self.day)
    _ = try await installed.care(later).collect(Self.account)
    #expect(try await Self.blobs(later).map(\.content) == [content])
    try await installed.backend.write(.user(Self.account), .acknowledged) { rows in
      try rows.delete(MediaEntry.self, [entry.name])
    }
    _ = try await installed.care(later).collect(Self.account)
    #expect(try await Self.blobs(later).isEmpty)
  }

  @Test("a generation counts for no quota")
  func quota() async throws {
    let installed = try await Self.installed(.rows)
    let user = try await installed.backend.read(.user(Self.account)) { try $0.first(User.self, 1) }
    #expect(user?.mediaBytes == 0 && user?.mediaCount == 0)
    #expect(try await installed.care(installed.process()).check(Self.account, repairs: false).isFine)
  }

  @Test(
    "a generation whose bytes are lost is told, cannot be restored, and is forgotten by a repair", arguments: stores)
  func lost(store: StoreKind) async throws {
    let installed = try await Self.installed(store)
    let process = try installed.process(now: 1_700_000_000_001 + Self.day)
    let care = installed.care(process)
    #expect(try await care.check(Self.account, repairs: false).isFine)
    let digest = try #require(try await Self.parts(installed).last?.content?.digest)
    try await installed.backend.write(.user(Self.account), .relaxed) {
      try process.blobs.remove([digest], of: Self.account, putBefore: .max, $0)
    }
    #expect(try await care.check(Self.account, repairs: false).lostGenerations == [1])
    let error = await #expect(throws: StorageError.self) { try await process.restore(Self.account, 1) }
    #expect(error?.code == .corrupt)
    #expect(try await installed.notes(process) == [2])
    #expect(try await care.check(Self.account, repairs: true).lostGenerations == [1])
    #expect(try await care.check(Self.account, repairs: false).isFine)
    #expect(try await process.list(Self.account).map(\.number) == [2])
    #expect(try await Self.blobs(process).isEmpty)
  }

  @Test("bytes that were collected while a generation was put away are put again")
  func collectedMeanwhile() async throws {
    let installed = try await Installed(.files)
    let process = try installed.process()
    try await process.replace(Self.account, with: installed.file(notes: [1], scm: 1), origin: "first")
    try await process.replace(Self.account, with: installed.file(notes: [2], scm: 2), origin: "second")
    // A collector whose clock goes before, in the moment between bytes and index.
    let generations = try await process.list(Self.account)
    let hooked = HookedMediaBackend(installed.backend, before: 2) { backend in
      let digests = try await Self.blobs(process).map(\.content.digest)
      try await backend.write(.user(Self.account), .relaxed) {
        try process.blobs.remove(digests, of: Self.account, putBefore: .max, $0)
      }
    }
    #expect(generations.map(\.state) == [.current, .sealed])
    let refused = await #expect(throws: StorageError.self) {
      try await installed.process(hooked).tidy(Self.account, keep: 3, forMilliseconds: 0)
    }
    #expect(refused?.code == .conflict)
    try await process.tidy(Self.account, keep: 3, forMilliseconds: 0)
    try await process.restore(Self.account, 1)
    #expect(try await installed.notes(process) == [1])
  }

  @Test("a user who is deleted while a generation is put away leaves no bytes")
  func deletedMeanwhile() async throws {
    let installed = try await Installed(.files)
    let process = try installed.process()
    try await process.replace(Self.account, with: installed.file(notes: [1], scm: 1), origin: "first")
    try await process.replace(Self.account, with: installed.file(notes: [2], scm: 2), origin: "second")
    let root = installed.root
    let hooked = HookedMediaBackend(installed.backend, before: 2) { backend in
      try await UserData(users: backend, folder: root).remove(Self.account)
    }
    await #expect(throws: StorageError.self) {
      try await installed.process(hooked).tidy(Self.account, keep: 3, forMilliseconds: 0)
    }
    #expect(!FileManager.default.fileExists(atPath: "\(root)/blobs/\(Self.account)"))
  }
}
