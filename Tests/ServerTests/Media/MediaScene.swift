import Foundation
import InMemoryBackend
import Logging
import SQLiteBackend
import SyncCore
import Synchronization

@testable import AnkiFormats
@testable import Server

/// The blob stores that are tested.
enum StoreKind: String, CaseIterable, Sendable {
  case files, rows, rowsInSQLite, filesThenRows, rowsThenFiles

  func open(
    _ backend: any Backend, root: String, temporary: @escaping @Sendable () -> String,
    clock: @escaping @Sendable () -> Int64
  ) -> any BlobStore {
    let files = FileBlobs(dataRoot: root, temporary: temporary, clock: clock)
    let rows = RowBlobs(backend, clock: clock)
    return switch self {
    case .files: files
    case .rows, .rowsInSQLite: rows
    case .filesThenRows: EitherBlobs(chosen: files, other: rows)
    case .rowsThenFiles: EitherBlobs(chosen: rows, other: files)
    }
  }
}

/// Users with a media store in the test's ``OwnFolder``, and a clock that a test can move.
final class MediaScene: Sendable {
  static let account: Int64 = 1
  let root: String
  let backend: any Backend
  private let kind: StoreKind
  private let time = Mutex<Int64>(1_700_000_000_000)
  private let numbers = Mutex(0)

  init(_ kind: StoreKind) async throws {
    self.kind = kind
    root = OwnFolder.path + "/" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: root + "/tmp", withIntermediateDirectories: true)
    let factory: BackendFactory = kind == .rowsInSQLite ? .sqlite : .memory
    backend = try await factory.open(StorageSettings(folder: root))
    for account in [Self.account, 2] {
      try await backend.create(.user(account))
      try await backend.write(.user(account), .acknowledged) { try $0.upsert([User()]) }
    }
  }

  var now: Int64 { time.withLock { $0 } }
  func wait(milliseconds: Int64) { time.withLock { $0 += milliseconds } }

  func newFile() -> String {
    let number = numbers.withLock { number in
      number += 1
      return number
    }
    return "\(root)/tmp/\(number)"
  }

  /// The store, on this backend or on another one.
  func store(_ other: (any Backend)? = nil) -> any BlobStore {
    kind.open(other ?? backend, root: root, temporary: { [self] in newFile() }, clock: { [self] in now })
  }

  /// Blobs as files, on a disk of its own kind.
  func files(_ sync: @escaping @Sendable (Int32) -> Int32) -> FileBlobs {
    FileBlobs(dataRoot: root, temporary: { [self] in newFile() }, clock: { [self] in now }, sync: sync)
  }

  func service(_ other: (any Backend)? = nil, quota: MediaQuota = .none) -> MediaService {
    let clock: @Sendable () -> Int64 = { [self] in now }
    return MediaService(
      collections: UserCollections(other ?? backend, clock: clock, revive: { _ in }), blobs: store(other),
      quota: quota, temporary: { [self] in newFile() }, log: Logger(label: "tests"), clock: clock)
  }

  func care() -> MediaCare { MediaCare(backend: backend, blobs: store(), clock: { [self] in now }) }

  /// What is left of work that has ended.
  func leftovers() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: root + "/tmp") }

  // MARK: Blobs

  static func blob(_ text: String) -> BlobSource { blob(Array(text.utf8)) }

  static func blob(_ bytes: [UInt8]) -> BlobSource {
    BlobSource(content(bytes)) { body in
      for start in stride(from: 0, to: bytes.count, by: 65_536) {
        try bytes[start..<min(start + 65_536, bytes.count)].withUnsafeBytes(body)
      }
    }
  }

  static func content(_ bytes: [UInt8]) -> MediaContent {
    var builder = BlobDigest.Builder()
    bytes.withUnsafeBytes { builder.add($0) }
    return MediaContent(digest: builder.digest(), size: Int64(bytes.count))
  }

  static func digest(_ text: String) -> BlobDigest { content(Array(text.utf8)).digest }

  /// The bytes of a blob; nil where it is not there.
  func bytes(_ digest: BlobDigest, _ account: Int64 = MediaScene.account) async throws -> [UInt8]? {
    let gathered = Gathered()
    return try await store().read(account, digest, gathered.add) ? gathered.bytes : nil
  }

  func missing(_ contents: Set<MediaContent>) async throws -> Set<MediaContent> {
    let store = store()
    return try await backend.read(.user(Self.account)) { try store.missing(contents, of: Self.account, $0) }
  }

  func remove(_ digests: [BlobDigest], putBefore time: Int64 = .max) async throws {
    let store = store()
    try await backend.write(.user(Self.account), .relaxed) {
      try store.remove(digests, of: Self.account, putBefore: time, $0)
    }
  }

  func digests() async throws -> [BlobDigest] {
    try await store().list(Self.account, after: nil, limit: .max).map(\.content.digest)
  }

  private final class Gathered: Sendable {
    private let state = Mutex<[UInt8]>([])
    var bytes: [UInt8] { state.withLock { $0 } }
    func add(_ piece: UnsafeRawBufferPointer) {
      let copy = Array(piece)
      state.withLock { $0 += copy }
    }
  }
}

extension MediaScene {
  /// Asks a call of the media sync; the JSON of its answer.
  func ask(
    _ method: SyncMethod, _ body: String, _ service: MediaService? = nil, account: Int64 = MediaScene.account
  ) async throws -> JSONValue {
    try await ask(method, Array(body.utf8), service, account: account)
  }

  func ask(
    _ method: SyncMethod, _ body: [UInt8], _ service: MediaService? = nil, account: Int64 = MediaScene.account
  ) async throws -> JSONValue {
    var head = SyncHead(method: method)
    head.hostKey = "the key"
    let reply = try await (service ?? self.service()).respond(to: head, account, body: .bytes(body))
    guard case .bytes(let bytes) = reply else { throw SyncError(.failed, "the answer is a file") }
    return try JSONValue(parsing: bytes)
  }

  /// Uploads files; nil deletes. The two numbers of the answer.
  @discardableResult
  func upload(
    _ files: [(String, String?)], _ service: MediaService? = nil, account: Int64 = MediaScene.account
  ) async throws -> [Int64?]? {
    let zip = Self.zip(files)
    return try await ask(.uploadChanges, zip, service, account: account).object?["data"]?.array?.map(\.int)
  }

  /// Downloads files, by name.
  func download(_ names: [String], _ service: MediaService? = nil) async throws -> [String: String] {
    let list = JSONWriter.bytes(of: .object(["files": .array(names.map(JSONValue.string))]))
    let reply = try await (service ?? self.service()).respond(
      to: SyncHead(method: .downloadFiles), Self.account, body: .bytes(list))
    switch reply {
    case .bytes(let bytes): return try Self.contents(of: .bytes(bytes))
    case .file(let path, let size, let done):
      defer { done() }
      let data = try Data(contentsOf: URL(filePath: path))
      guard data.count == size else { throw SyncError(.failed, "the size is wrong") }
      return try Self.contents(of: .file(path: path))
    }
  }
}
