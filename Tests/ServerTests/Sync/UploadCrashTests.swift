import AnkiFormats
import Foundation
import InMemoryBackend
import SQLiteBackend
import SyncCore
import Testing

@testable import Server

@Suite("Full uploads")
struct UploadCrashTests {
  /// More calls than a whole upload with its tidying makes.
  static let calls = 0..<40

  @Test(
    "A2, A12, A14: an upload that dies after any call leaves the old collection or the new one, and nothing else",
    arguments: [BackendFactory.memory, .sqlite].map(\.name), calls)
  func crash(engine: String, calls: Int) async throws {
    let factory = try [BackendFactory.memory, .sqlite].named(engine)
    let installed = try await Installed(factory)
    let account = Installed.account
    try await installed.process().replace(account, with: installed.file(notes: [1], scm: 1), origin: "first")

    let crashing = CrashingBackend(installed.backend, after: calls)
    var answeredOK = false
    do {
      let process = try installed.process(crashing)
      try await process.replace(account, with: installed.file(notes: [2, 3], scm: 2), origin: "second")
      answeredOK = true
      try await process.tidy(account, keep: 3, forMilliseconds: 0)
    } catch {}

    let restarted = try installed.process()
    try await restarted.tidy(account, keep: 3, forMilliseconds: 0)
    try await restarted.tidy(account, keep: 3, forMilliseconds: 0)
    let notes = try await installed.notes(restarted)
    #expect(answeredOK ? notes == [2, 3] : notes == [1] || notes == [2, 3])
    #expect(crashing.hasCrashed || answeredOK)

    let current = try await restarted.collections.current(account)
    let schemas = try await installed.backend.schemas()
    #expect(Set(schemas) == [.user(account), .collection(user: account, generation: current)])
    let generations = try await restarted.list(account)
    #expect(generations.map(\.state) == (notes == [1] ? [.current] : [.current, .kept]))
    let left = try FileManager.default.contentsOfDirectory(atPath: restarted.folder.path)
    #expect(left.isEmpty)
  }

  @Test("a replaced collection is kept, and restored with stamps of its own")
  func restore() async throws {
    let installed = try await Installed(.sqlite)
    let account = Installed.account
    let process = try installed.process()
    try await process.replace(account, with: installed.file(notes: [1], scm: 1), origin: "first")
    try await process.replace(account, with: installed.file(notes: [2], scm: 2), origin: "second")
    try await process.restore(account, 1)
    #expect(try await installed.notes(process) == [1])
    let col = try #require(try await process.collections.read(account) { _, col in col })
    #expect(col.scm == 1_700_000_000_000 && col.mod == 1_700_000_000_000)
    let origins = try await process.list(account).map(\.origin)
    #expect(origins == ["restore of 1", "second", "first"])
    await #expect(throws: StorageError.self) { try await process.restore(account, 99) }
  }

  @Test("what is replaced is kept while it is among the newest or young enough")
  func keeping() async throws {
    let installed = try await Installed(.sqlite)
    let account = Installed.account
    for number in 1...6 as ClosedRange<Int64> {
      let process = try installed.process(now: number * 1000)
      try await process.replace(account, with: installed.file(notes: [number], scm: number), origin: "\(number)")
    }
    let later = try installed.process(now: 10_000)
    try await later.tidy(account, keep: 2, forMilliseconds: 7000)
    #expect(try await later.list(account).map(\.number) == [6, 5, 4, 3])
    try await later.tidy(account, keep: 2, forMilliseconds: 0)
    #expect(try await later.list(account).map(\.number) == [6, 5, 4])
    let files = try FileManager.default.contentsOfDirectory(atPath: "\(installed.root)/blobs/\(account)")
    #expect(files.count == 2)
  }

  @Test("of two uploads at once one is told to try again, and the other is whole")
  func twoAtOnce() async throws {
    let installed = try await Installed(.sqlite)
    let account = Installed.account
    let process = try installed.process()
    try await process.replace(account, with: installed.file(notes: [1], scm: 1), origin: "first")
    let files = [try await installed.file(notes: [2], scm: 2), try await installed.file(notes: [3], scm: 3)]
    let outcomes = await withTaskGroup(of: Bool.self) { group in
      for file in files {
        group.addTask { (try? await process.replace(account, with: file, origin: "racing")) != nil }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(outcomes.contains(true))
    let notes = try await installed.notes(process)
    #expect(notes == [2] || notes == [3])
  }

  @Test("A12, A13: a file at fault changes nothing", arguments: ["", "garbage", "SQLite format 3\0 and no more"])
  func faults(content: String) async throws {
    let installed = try await Installed(.sqlite)
    let account = Installed.account
    let process = try installed.process()
    try await process.replace(account, with: installed.file(notes: [1], scm: 1), origin: "first")
    let path = installed.root + "/bad"
    try content.write(toFile: path, atomically: false, encoding: .utf8)
    await #expect(throws: CollectionFault.self) { try await process.replace(account, with: path, origin: "bad") }
    #expect(try await installed.notes(process) == [1])
    #expect(try await process.list(account).count == 1)
  }
}
