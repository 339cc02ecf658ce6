import AnkiFormats
import Foundation
import InMemoryBackend
import SQLiteBackend
import SyncCore

@testable import Server

/// A user with storage in a temporary folder, for tests of what happens to whole collections.
final class Installed: Sendable {
  static let account: Int64 = 1
  let root: String
  let backend: any Backend
  private let store: StoreKind

  /// - Parameter isEmpty: whether there is no user yet.
  init(_ store: StoreKind = .files, _ engine: BackendFactory = .sqlite, isEmpty: Bool = false) async throws {
    self.store = store
    root = NSTemporaryDirectory() + "djankiserv-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    backend = try await engine.open(StorageSettings(folder: root))
    if isEmpty { return }
    try await backend.create(.user(Self.account))
    try await backend.write(.user(Self.account), .acknowledged) { rows in
      var user = User()
      user.created = 1_600_000_000_000
      try rows.upsert([user])
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: root) }

  /// The parts of a server process, on this storage or on `backend`. Kept files are cut into small parts.
  func process(
    _ backend: (any Backend)? = nil, keeping store: StoreKind? = nil, now: Int64 = 1_700_000_000_000
  ) throws -> Generations {
    let backend = backend ?? self.backend
    let collections = UserCollections(backend, clock: { now }, revive: { _ in })
    let folder = try WorkFolder(dataRoot: root, host: "here", random: .random(in: .min ... .max))
    let blobs = (store ?? self.store).open(backend, root: root, temporary: { folder.newFile("blob") }, clock: { now })
    return Generations(
      collections: collections, blobs: blobs, folder: folder, clock: { now }, lease: 60_000,
      limits: CollectionLimits(), longestPart: 700)
  }

  /// What looks after the bytes of a process.
  func care(_ generations: Generations) -> MediaCare {
    MediaCare(backend: generations.backend, blobs: generations.blobs, clock: generations.clock)
  }

  /// A collection file that holds the notes with these ids.
  func file(notes: [Int64], scm: Int64) async throws -> String {
    let memory = try await BackendFactory.memory.open(StorageSettings(folder: ""))
    let schema = Schema.collection(user: 1, generation: 1)
    try await memory.load(schema) { loader in
      try CollectionFile.minimal(crt: 1_600_000_000, scm: scm, into: loader)
    }
    let path = "\(root)/upload-\(UUID().uuidString)"
    try await memory.write(schema, .acknowledged) { rows in
      let mid = try rows.fetch(Notetype.self, .all)[0].id
      try rows.upsert(
        notes.map { id in
          var note = Note()
          (note.id, note.mid, note.flds, note.guid) = (id, mid, "front\u{1f}back", Text("g\(id)"))
          return note
        })
      try CollectionFile.write(schema: .v18, path: path, from: rows)
    }
    return path
  }

  /// The ids of the notes in the current collection.
  func notes(_ generations: Generations) async throws -> [Int64]? {
    try await generations.collections.read(Self.account) { rows, _ in try rows.fetch(Note.self, .all).map(\.id) }
  }
}
