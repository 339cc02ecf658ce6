import AnkiFormats
import SQLiteFile
import SyncCore
import Testing

@testable import Server

@Suite("Files for full downloads") struct DownloadTests {
  private let home: Installed
  private let generations: Generations

  init() async throws {
    home = try await Installed()
    generations = try home.process()
    try await generations.replace(Installed.account, with: home.file(notes: [1, 2], scm: 1), origin: "a test")
  }

  private func downloads(_ turns: Turns<Bool>, capacity: Int = 1 << 20) -> Downloads {
    Downloads(generations.collections, generations, generations.folder, turns: turns, capacity: capacity)
  }

  @Test("whole collections are written a few at a time")
  func turns() async throws {
    let turns = Turns<Bool>(width: 1, length: 0, patience: .seconds(60))
    let downloads = downloads(turns)
    _ = try await turns.take(true) {
      await #expect(throws: StorageError.self) { try await downloads.file(Installed.account, .v18) }
    }
    _ = try await downloads.file(Installed.account, .v18)
    // A file that is there needs no turn.
    try await turns.take(true) { _ = try await downloads.file(Installed.account, .v18) }
  }

  @Test("whoever has waited gets the collection as it is by then")
  func changes() async throws {
    let turns = Turns<Bool>(width: 1, length: 1, patience: .seconds(60))
    let downloads = downloads(turns)
    let (waiting, backend) = (generations, home.backend)
    let download = try await turns.take(true) {
      let download = Task { try await downloads.file(Installed.account, .v18) }
      while turns.waiting(for: true) == 0 { await Task.yield() }
      let current = try await waiting.collections.current(Installed.account)
      try await backend.write(.collection(user: Installed.account, generation: current), .acknowledged) { rows in
        var col = try rows.col()
        col.mod = 4_000_000_000_000
        try rows.upsert([col])
      }
      return download
    }
    guard case .file(let path, _, _) = try await download.value else { throw StorageError(.corrupt, "no file") }
    let file = try SQLiteConnection(path: path, .immutable)
    #expect(try file.number("SELECT mod FROM col") == 4_000_000_000_000)
  }
}
