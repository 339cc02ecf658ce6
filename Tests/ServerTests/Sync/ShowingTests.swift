import AnkiFormats
import SyncCore
import Synchronization
import Testing

@testable import Server

@Suite("Showing collections to the owner")
struct ShowingTests {
  private static let account = Installed.account

  /// Views that note what they are asked to show, and do something else first.
  private final class RecordedViews: CollectionViews {
    private let shown = Mutex<[Int64]>([])
    private let meanwhile: @Sendable (Int64) async throws -> Void

    init(_ meanwhile: @escaping @Sendable (Int64) async throws -> Void = { _ in }) { self.meanwhile = meanwhile }

    var generations: [Int64] { shown.withLock { $0 } }

    func show(user: Int64, generation: Int64) async throws -> String {
      try await meanwhile(generation)
      shown.withLock { $0.append(generation) }
      return "views of \(user)"
    }
  }

  private func generations(_ installed: Installed, _ views: RecordedViews) throws -> Generations {
    let process = try installed.process()
    let collections = UserCollections(installed.backend, views: views, clock: { 1 }, revive: { _ in })
    return Generations(
      collections: collections, blobs: process.blobs, folder: process.folder, clock: { 1 }, lease: 60_000,
      limits: CollectionLimits())
  }

  @Test("what is uploaded or restored is shown before that is acknowledged")
  func shown() async throws {
    let installed = try await Installed()
    let views = RecordedViews()
    let process = try generations(installed, views)
    #expect(try await process.collections.show(Self.account) == nil)
    try await process.replace(Self.account, with: installed.file(notes: [1], scm: 1), origin: "first")
    #expect(views.generations == [1])
    try await process.replace(Self.account, with: installed.file(notes: [2], scm: 2), origin: "second")
    try await process.restore(Self.account, 1)
    #expect(views.generations == [1, 2, 3])
    #expect(try await process.collections.show(Self.account) == "views of 1")
  }

  @Test("whoever shows what another has just replaced shows that other one's, too")
  func overtaken() async throws {
    let installed = try await Installed()
    let process = try installed.process()
    let file = try await installed.file(notes: [2], scm: 2)
    try await process.replace(Self.account, with: installed.file(notes: [1], scm: 1), origin: "first")
    let views = RecordedViews { generation in
      if generation == 1 { try await process.replace(Self.account, with: file, origin: "second") }
    }
    let late = UserCollections(installed.backend, views: views, clock: { 1 }, revive: { _ in })
    _ = try await late.show(Self.account)
    #expect(views.generations == [1, 2])
  }

  @Test("an upload is none the worse for views that cannot be made")
  func failing() async throws {
    let installed = try await Installed()
    let views = RecordedViews { _ in throw StorageError(.unavailable, "no views today") }
    let process = try generations(installed, views)
    try await process.replace(Self.account, with: installed.file(notes: [1], scm: 1), origin: "first")
    #expect(try await installed.notes(process) == [1])
    await #expect(throws: StorageError.self) { try await process.collections.show(Self.account) }
  }
}
