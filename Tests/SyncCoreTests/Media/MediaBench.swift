import InMemoryBackend
import Testing

@testable import SyncCore

/// A user whose bytes are imagined.
struct MediaBench {
  private let backend: any Backend

  static let fresh: User = {
    var user = User()
    user.created = 7
    return user
  }()

  init() async throws {
    backend = try await BackendFactory.memory.open(StorageSettings(folder: ""))
    try await backend.create(.user(1))
    try await write { try $0.upsert([Self.fresh]) }
  }

  static func content(_ text: String) -> MediaContent {
    var builder = BlobDigest.Builder()
    Array(text.utf8).withUnsafeBytes { builder.add($0) }
    return MediaContent(digest: builder.digest(), size: Int64(text.utf8.count))
  }

  /// - Parameter missing: contents that the store does not have.
  @discardableResult
  func upload(
    _ files: [(String, String?)], _ quota: MediaQuota = .none, missing: String? = nil
  ) async throws -> MediaOutcome? {
    let changes = files.map { MediaChange($0, $1.map(Self.content)) }
    let lost = Set([missing].compactMap { $0 }.map(Self.content))
    return try await write { rows in
      try MediaUpdate(rows).apply(changes, quota, now: 9) { contents, _ in contents.intersection(lost) }
    }
  }

  /// Writes entries of files of these sizes.
  func index(_ files: [(String, Int64)]) async throws {
    let entries = files.enumerated().map { number, file in
      MediaEntry(
        Text(file.0), MediaContent(digest: Self.content(file.0).digest, size: file.1), usn: Int64(number) + 1, mtime: 9)
    }
    try await write { try $0.upsert(entries) }
  }

  func selection(_ names: [String]) async throws -> [MediaEntry] { try await read { try $0.selection(names) } }
  func changes(after usn: Int64) async throws -> [MediaEntry] { try await read { try $0.changes(after: usn) } }
  func user() async throws -> User { try await backend.read(.user(1)) { try $0.user() } }
  func names() async throws -> [Text] {
    try await backend.read(.user(1)) { try $0.fetch(MediaEntry.self, .all) }.filter { $0.file != nil }.map(\.name)
  }

  func expectExactCounters() async throws {
    let isRight = try await read { try $0.areCountersRight() }
    #expect(isRight)
  }

  func read<T: Sendable>(_ body: @escaping @Sendable (MediaSync) throws -> T) async throws -> T {
    try await backend.read(.user(1)) { try body(MediaSync($0)) }
  }
  @discardableResult
  func write<T: Sendable>(_ body: @escaping @Sendable (any RowStore) throws -> T) async throws -> T {
    try await backend.write(.user(1), .relaxed, body)
  }
}
