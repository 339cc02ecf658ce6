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
    arguments: [("memory", StoreKind.files), ("sqlite", .files), ("sqlite", .rows)], calls)
  func crash(places: (engine: String, store: StoreKind), calls: Int) async throws {
    let installed = try await Installed(places.store, try [BackendFactory.memory, .sqlite].named(places.engine))
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
    #expect(!crashing.hasCrashed || calls + 1 < Self.calls.count)

    let current = try await restarted.collections.current(account)
    let schemas = try await installed.backend.schemas()
    #expect(Set(schemas) == [.user(account), .collection(user: account, generation: current)])
    let generations = try await restarted.list(account)
    #expect(generations.map(\.state) == (notes == [1] ? [.current] : [.current, .kept]))
    let left = try FileManager.default.contentsOfDirectory(atPath: restarted.folder.path)
    #expect(left.isEmpty)
    guard notes != [1] else { return }
    try await restarted.restore(account, 1)
    #expect(try await installed.notes(restarted) == [1])
  }

  @Test("of two uploads at once one is told to try again, and the other is whole")
  func twoAtOnce() async throws {
    let installed = try await Installed()
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
    let installed = try await Installed()
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
