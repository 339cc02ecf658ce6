import Foundation
import SQLBackend
import SQLiteFile
import SyncCore
import Testing

@testable import SQLiteBackend

@Suite("SQLite as a backend")
struct SQLiteBackendTests {
  private let schema = Schema.collection(user: 300, generation: 2)

  @Test("open files do not grow with the number of schemas")
  func openFiles() async throws {
    try await withBackend(options: ["files": "32"]) { backend, folder in
      for number in 1...60 {
        try await backend.create(.user(Int64(number)))
        try await backend.write(.user(Int64(number)), .relaxed) { try $0.upsert([User()]) }
      }
      // What is too many is closed behind the last answer.
      for _ in 0..<1_000 where fileCount(openIn: folder) > 40 { try await Task.sleep(for: .milliseconds(5)) }
      #expect(fileCount(openIn: folder) <= 40)
    }
  }

  @Test("a full file refuses the write as full, keeps what was there, and works on when there is room")
  func full() async throws {
    var plan = SchemaConnection.Plan()
    plan.maximumPages = 200
    try await withBackend(plan) { [schema] backend, _ in
      try await backend.create(schema)
      try await backend.write(schema, .acknowledged) { try $0.upsert([note(1, bytes: 10)]) }
      for durability in [Durability.acknowledged, .relaxed] {
        let refused = await #expect(throws: StorageError.self) {
          try await backend.write(schema, durability) { rows in
            for number in 2...100 { try rows.upsert([note(Int64(number), bytes: 10_000)]) }
          }
        }
        #expect(refused?.code == .full)
        let kept = try await backend.read(schema) { try $0.fetch(Note.self, .all) }
        #expect(kept == [note(1, bytes: 10)])
        try await backend.write(schema, durability) { try $0.upsert([note(1, bytes: 10)]) }
      }
      let load = await #expect(throws: StorageError.self) {
        try await backend.load(.user(1)) { loader in
          for number in 1...100 { try loader.append([note(Int64(number), bytes: 10_000)]) }
        }
      }
      #expect(load?.code == .full || load?.code == .corrupt)
      let listed = try await backend.schemas()
      #expect(listed == [schema])
    }
  }

  @Test("what is left of a load that did not end is removed, but not while one is running")
  func leftovers() async throws {
    try await withBackend { [schema] backend, folder in
      try await backend.load(schema) { loader in
        let loading = folder + "/loading"
        #expect(names(in: loading).count == 1)
        try SchemaFiles(folder).prepare()
        #expect(names(in: loading).count == 1)
        try loader.append([note(1, bytes: 1)])
      }
      try Data([1]).write(to: URL(fileURLWithPath: folder + "/loading/user.sqlite.abcdef"))
      try SchemaFiles(folder).prepare()
      #expect(names(in: folder + "/loading") == [])
      let count = try await backend.read(schema) { try $0.count(Note.self) }
      #expect(count == 1)
    }
  }

  @Test("files and folders are for their owner only")
  func modes() async throws {
    try await withBackend { [schema] backend, folder in
      try await backend.create(.accounts)
      try await backend.create(schema)
      try await backend.write(schema, .relaxed) { try $0.upsert([note(1, bytes: 1)]) }
      let paths = try FileManager.default.subpathsOfDirectory(atPath: folder)
      #expect(paths.contains("users/2c/300/collection-2.sqlite-wal"))
      for path in paths {
        let attributes = try FileManager.default.attributesOfItem(atPath: folder + "/" + path)
        let isFolder = attributes[.type] as? FileAttributeType == .typeDirectory
        #expect(attributes[.posixPermissions] as? Int == (isFolder ? 0o700 : 0o600), "\(path)")
      }
    }
  }

  @Test("two processes that make the same schema at once both find it made, with what either wrote")
  func madeTwice() async throws {
    try await withBackend { backend, folder in
      let other = try await SQLiteBackend(StorageSettings(folder: folder), .init())
      for number in 1...20 {
        try await withThrowingTaskGroup(of: Void.self) { group in
          for (id, engine) in [(Int64(1), backend), (2, other)] {
            group.addTask {
              let made = Schema.collection(user: Int64(number), generation: 1)
              try await engine.create(made)
              try await engine.write(made, .relaxed) { try $0.upsert([note(id, bytes: 1)]) }
            }
          }
          try await group.waitForAll()
        }
        let made = Schema.collection(user: Int64(number), generation: 1)
        let count = try await backend.read(made) { try $0.count(Note.self) }
        #expect(count == 2)
      }
      await other.close()
      #expect(names(in: folder + "/loading") == [])
    }
  }

  @Test("dropping the last schema of a user removes the folder")
  func folders() async throws {
    try await withBackend { [schema] backend, folder in
      try await backend.create(.user(300))
      try await backend.create(schema)
      try await backend.drop(schema)
      #expect(names(in: folder + "/users/2c/300") == ["user.sqlite"])
      try await backend.drop(.user(300))
      #expect(names(in: folder + "/users/2c") == [])
    }
  }

  @Test("a lock that another process keeps is unavailable, and no longer than that")
  func otherProcess() async throws {
    var plan = SchemaConnection.Plan()
    plan.busyMilliseconds = 20
    try await withBackend(plan) { [schema] backend, folder in
      try await backend.create(schema)
      let other = try SQLiteConnection(path: SchemaFiles(folder).path(schema), .readWrite)
      try other.begin(.immediate)
      let refused = await #expect(throws: StorageError.self) {
        try await backend.write(schema, .acknowledged) { try $0.upsert([note(1, bytes: 1)]) }
      }
      #expect(refused?.code == .unavailable)
      let count = try await backend.read(schema) { try $0.count(Note.self) }
      #expect(count == 0)
      other.rollback()
      try await backend.write(schema, .acknowledged) { try $0.upsert([note(1, bytes: 1)]) }
    }
  }

  @Test("acknowledged commits wait for the disk, relaxed ones do not")
  func synchronous() async throws {
    try await withBackend { [schema] backend, folder in
      try await backend.create(schema)
      let connection = try SchemaConnection(schema, path: SchemaFiles(folder).path(schema), .init())
      let (normal, full) = (Int64(1), Int64(2))
      for (durability, wanted) in [(Durability.acknowledged, full), (.relaxed, normal), (.acknowledged, full)] {
        try connection.write(durability, Cancellation()) { try $0.upsert([note(1, bytes: 1)]) }
        let mode = try connection.connection.number("PRAGMA synchronous")
        #expect(mode == wanted)
      }
      let mode = try connection.connection.statement("PRAGMA journal_mode") { try $0.step() ? $0.text(0) : nil }
      #expect(mode == "wal")
    }
  }

  private func withBackend(
    _ plan: SchemaConnection.Plan = .init(), options: [String: String] = [:],
    _ body: (any Backend, String) async throws -> Void
  ) async throws {
    let folder = FileManager.default.temporaryDirectory.path + "/sqlite-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let backend = try await SQLiteBackend(StorageSettings(folder: folder, options: options), plan)
    do { try await body(backend, folder) } catch {
      await backend.close()
      throw error
    }
    await backend.close()
    #expect(fileCount(openIn: folder) == 0)
  }
}

private func note(_ id: Int64, bytes: Int) -> Note {
  var note = Note()
  (note.id, note.flds) = (id, Text(String(repeating: "x", count: bytes)))
  return note
}

private func names(in folder: String) -> [String] {
  (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
}

private func fileCount(openIn folder: String) -> Int {
  let links = names(in: "/proc/self/fd").compactMap {
    try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/" + $0)
  }
  return links.count { $0.hasPrefix(folder) }
}
