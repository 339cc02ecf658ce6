import Foundation
import SyncCore
import Testing

@testable import LMDBBackend

/// What is LMDB's own business, beside the laws.
@Suite("LMDB files")
final class FileTests: Sendable {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lmdb-\(UUID().uuidString)").path
  private static let schema = Schema.collection(user: 7, generation: 1)

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func open() async throws -> any Backend {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    return try await BackendFactory.lmdb.open(StorageSettings(folder: folder))
  }

  private func names() throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: folder + "/lmdb").sorted()
  }

  @Test("more schemas than stay open are kept, and a dropped one leaves no file")
  func many() async throws {
    let backend = try await open()
    let schemas = (1...300).map { Schema.user($0) }
    for schema in schemas { try await backend.create(schema) }
    for schema in schemas {
      try await backend.write(schema, .relaxed) { try $0.upsert([User()]) }
    }
    for schema in schemas {
      let count = try await backend.read(schema) { try $0.count(User.self) }
      #expect(count == 1)
      try await backend.drop(schema)
    }
    #expect(try names() == ["loading"])
    await backend.close()
  }

  @Test("what a load that died has left goes at the next start, and nothing while one is running")
  func leftovers() async throws {
    let backend = try await open()
    let leftover = folder + "/lmdb/loading/leftover"
    try Data([1]).write(to: URL(filePath: leftover))
    try await backend.load(Self.schema) { [self] loader in
      try loader.append([Note()])
      try SchemaFiles(folder + "/lmdb").prepare()
      #expect(try names().contains("loading/leftover"))
    }
    await backend.close()
    await (try await open()).close()
    #expect(try names() == ["collection-7-1.mdb", "loading"])
  }

  @Test("a load of many megabytes is whole")
  func largeLoad() async throws {
    let backend = try await open()
    try await backend.load(Self.schema) { loader in
      for number in 0..<24 as Range<Int64> {
        var note = Note()
        (note.id, note.usn) = (number, number % 3)
        note.flds = Text(String(repeating: "x", count: 1 << 20))
        try loader.append([note])
      }
    }
    let (count, changed) = try await backend.read(Self.schema) { rows in
      (try rows.count(Note.self), try rows.fetch(Note.self, .changed(since: 2, after: nil, limit: 100)).count)
    }
    #expect(count == 24 && changed == 8)
    await backend.close()
  }

  @Test("a key that LMDB cannot hold is refused, and nothing of its transaction is kept")
  func longKeys() async throws {
    let backend = try await open()
    try await backend.create(Self.schema)
    let write: @Sendable (Int) async throws -> Void = { length in
      var tag = Tag()
      tag.folded = Text(String(repeating: "t", count: length))
      try await backend.write(Self.schema, .acknowledged) { [tag] in try $0.upsert([tag]) }
    }
    try await write(501)
    let error = await #expect(throws: StorageError.self) { try await write(502) }
    #expect(error?.code == .invalid)
    #expect(try await backend.read(Self.schema) { try $0.count(Tag.self) } == 1)
    await backend.close()
  }

  @Test("rows that were written with other columns are not read")
  func otherColumns() async throws {
    let backend = try await open()
    try await backend.create(Self.schema)
    await backend.close()
    try ContractTests.overwrite("shape of notes", Array("id".utf8), in: SchemaFiles(folder + "/lmdb").path(Self.schema))
    let again = try await open()
    let error = await #expect(throws: StorageError.self) { try await again.read(Self.schema) { _ in } }
    #expect(error?.code == .tooNew)
    await again.close()
  }
}
