import AnkiFormats
import Foundation
import SyncCore

@testable import Server

/// An installation with three users, and copies that are made of it. Whatever a copy changes at its source fails.
struct CopyScene: Sendable {
  /// Somebody with three generations and media files; somebody who has never synced; somebody who is being deleted.
  static let (anna, berta, gone) = (Installed.account, Int64(2), Int64(3))
  static let media: [(name: Text, bytes: [UInt8])] = [
    ("a.jpg", Array("a picture".utf8)), ("b.ogg", [UInt8](repeating: 7, count: 5 << 18)), ("c.jpg", []),
    ("the same.jpg", Array("a picture".utf8)),
  ]

  let source: Installed

  init(_ engine: CopyEngine = .memory, _ store: StoreKind = .files) async throws {
    source = try await Installed(store, engine.factory)
    let process = try source.process()
    let uploads: [[Int64]] = [[1], [2, 3], [4, 5, 6]]
    for (number, notes) in uploads.enumerated() {
      if number == 2 { try await process.tidy(Self.anna, keep: 3, forMilliseconds: 0) }
      try await process.replace(Self.anna, with: source.file(notes: notes, scm: Int64(number)), origin: "test")
    }
    try await addMedia(process)
    try await addAccounts()
  }

  private func addMedia(_ process: Generations) async throws {
    let files = Self.media.map { file in
      var builder = BlobDigest.Builder()
      file.bytes.withUnsafeBytes { builder.add($0) }
      return (file, MediaContent(digest: builder.digest(), size: Int64(file.bytes.count)))
    }
    try await process.blobs.put(
      Self.anna, files.map { file, content in BlobSource(content) { try file.bytes.withUnsafeBytes($0) } })
    try await source.backend.write(.user(Self.anna), .acknowledged) { rows in
      try rows.upsert(files.enumerated().map { MediaEntry($1.0.name, $1.1, usn: Int64($0) + 1, mtime: 5) })
      try rows.upsert([MediaEntry("deleted.jpg", nil, usn: 9, mtime: 6)])
      _ = try MediaUpdate(rows).recount()
    }
  }

  private func addAccounts() async throws {
    try await source.backend.create(.user(Self.berta))
    try await source.backend.write(.user(Self.berta), .acknowledged) { try $0.upsert([User()]) }
    try await source.backend.create(.accounts)
    try await source.backend.write(.accounts, .acknowledged) { rows in
      for (id, name) in [(Self.anna, "anna" as Text), (Self.berta, "berta"), (Self.gone, "gone")] {
        var account = Account()
        (account.id, account.name, account.password, account.created) = (id, name, "$argon2id$…", 1_600_000_000_000)
        if id == Self.gone { account.stateNumber = Account.State.deleting.rawValue }
        try rows.upsert([account])
        try rows.upsert([AccountName(name, id)])
      }
      try rows.upsert([AccountName(Text(), 17)])
      var key = HostKey()
      (key.digest, key.account, key.client) = ("a digest", Self.anna, "anki,26.09")
      try rows.upsert([key])
    }
  }

  // MARK: Copying

  /// An empty place.
  static func place(_ engine: CopyEngine = .memory, _ store: StoreKind = .files) async throws -> Installed {
    try await Installed(store, engine.factory, isEmpty: true)
  }

  func copy(to target: Installed, through other: (any Backend)? = nil) throws -> StorageCopy {
    try Self.copy(from: source, to: target, through: other)
  }

  /// - Parameter other: stands before the target's engine.
  static func copy(
    from source: Installed, _ reading: (any Backend)? = nil, to target: Installed, through other: (any Backend)? = nil,
    named name: String = "the source"
  ) throws -> StorageCopy {
    let process = try target.process(other)
    let here = reading ?? WatchedBackend(source.backend, isReadOnly: true)
    return StorageCopy(
      source: Storage(here), target: Storage(other ?? target.backend), sourceBlobs: try source.process(here).blobs,
      targetBlobs: process.blobs, mark: CopyMark(of: name), newFile: { process.folder.newFile("copy") })
  }

  @discardableResult
  func run(to target: Installed, through other: (any Backend)? = nil) async throws -> StorageCopy.Tally {
    try await copy(to: target, through: other).run { _, _ in }
  }

  // MARK: Looking

  /// Every row of every schema that a copy carries, as bytes.
  static func rows(_ place: Installed) async throws -> [Schema: [String: [[UInt8]]]] {
    var found: [Schema: [String: [[UInt8]]]] = [:]
    for schema in try await place.backend.schemas() {
      found[schema] = try await place.backend.read(schema) { rows in
        var tables: [String: [[UInt8]]] = [:]
        for type in schema.kind.rows where !type.table.isVolatile && !type.table.name.text.hasPrefix("blob") {
          tables[type.table.name.text] = try rows.encoded(type)
        }
        return tables
      }
    }
    return found
  }

  /// The files that a client would download, one per generation whose schema is there.
  static func downloads(_ place: Installed) async throws -> [Schema: Data] {
    var found: [Schema: Data] = [:]
    for schema in try await place.backend.schemas() where schema.kind == .collection {
      let path = "\(place.root)/\(UUID().uuidString)"
      try await place.backend.read(schema) { try CollectionFile.write(schema: .v18, path: path, from: $0) }
      found[schema] = try Data(contentsOf: URL(fileURLWithPath: path))
    }
    return found
  }

  /// Whether the users could use it: accounts are there, and nothing says that they are not complete.
  static func isUsable(_ place: Installed) async throws -> Bool {
    guard try await place.backend.schemas().contains(.accounts) else { return false }
    return try await place.backend.read(.accounts) { try $0.copyMark() == nil && $0.count(Account.self) == 3 }
  }
}

extension RowReader {
  fileprivate func encoded<R: Row>(_ type: R.Type) throws -> [[UInt8]] {
    try fetch(type, .all).map { try RowBytes.encode($0) }
  }
}
