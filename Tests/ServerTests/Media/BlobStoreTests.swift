import Foundation
import SyncCore
import Synchronization
import Testing

@testable import Server

/// The laws of `BlobStore`, for every store.
@Suite("Blob stores", .ownFolder)
struct BlobStoreTests {
  private static let account = MediaScene.account

  @Test("what was put is read back as it was", arguments: StoreKind.allCases, [1, 65_536, 1 << 20, (5 << 20) + 7])
  func roundTrip(kind: StoreKind, size: Int) async throws {
    let scene = try await MediaScene(kind)
    var bytes = [UInt8](repeating: 7, count: size)
    for index in stride(from: 0, to: size, by: 9973) { bytes[index] = UInt8(truncatingIfNeeded: index) }
    try await scene.store().put(Self.account, [MediaScene.blob(bytes), MediaScene.blob("beside it")])
    #expect(try await scene.bytes(MediaScene.content(bytes).digest) == bytes)
    #expect(try await scene.bytes(MediaScene.digest("beside it")) == Array("beside it".utf8))
    #expect(try scene.leftovers() == [])
  }

  @Test("putting equal contents again keeps one copy, which is young again", arguments: StoreKind.allCases)
  func again(kind: StoreKind) async throws {
    let scene = try await MediaScene(kind)
    try await scene.store().put(Self.account, [MediaScene.blob("a"), MediaScene.blob("b")])
    let first = scene.now
    scene.wait(milliseconds: 5000)
    try await scene.store().put(Self.account, [MediaScene.blob("a")])
    let found = try await scene.store().list(Self.account, after: nil, limit: 9)
    #expect(Set(found.map(\.put)) == [first, first + 5000] && found.count == 2)
    #expect(found.first { $0.content.digest == MediaScene.digest("a") }?.put == first + 5000)
  }

  @Test(
    "bytes that are not those of their digest are refused, and nothing of them is kept", arguments: StoreKind.allCases)
  func wrongBytes(kind: StoreKind) async throws {
    let scene = try await MediaScene(kind)
    let lie = BlobSource(MediaScene.blob("true").content, pieces: MediaScene.blob("lies").pieces)
    await #expect(throws: StorageError.self) { try await scene.store().put(Self.account, [MediaScene.blob("a"), lie]) }
    #expect(try await scene.bytes(lie.content.digest) == nil)
    #expect(try await scene.bytes(MediaScene.digest("lies")) == nil)
    #expect(try scene.leftovers() == [])
  }

  @Test("a source that throws leaves nothing under its digest", arguments: StoreKind.allCases)
  func throwing(kind: StoreKind) async throws {
    let scene = try await MediaScene(kind)
    let blob = MediaScene.blob(Array(repeating: 7, count: 3 << 20))
    let broken = BlobSource(blob.content) { body in
      try blob.pieces(body)
      throw CancellationError()
    }
    await #expect(throws: CancellationError.self) { try await scene.store().put(Self.account, [broken]) }
    #expect(try await scene.bytes(blob.content.digest) == nil)
    #expect(try await scene.missing([blob.content]) == [blob.content])
    #expect(try scene.leftovers() == [])
    try await scene.store().put(Self.account, [blob])
    #expect(try await scene.bytes(blob.content.digest)?.count == 3 << 20)
  }

  @Test("reading what is not there says so and hands over nothing", arguments: StoreKind.allCases)
  func absent(kind: StoreKind) async throws {
    let scene = try await MediaScene(kind)
    let isThere = try await scene.store().read(Self.account, MediaScene.digest("a")) { _ in
      Issue.record("something was read")
    }
    #expect(!isThere)
  }

  @Test("reading several ends before the first that is not there", arguments: StoreKind.allCases)
  func several(kind: StoreKind) async throws {
    let scene = try await MediaScene(kind)
    let long = String(repeating: "x", count: 3 << 20)
    try await scene.store().put(Self.account, ["a", long, "b"].map { MediaScene.blob($0) })
    let either = scene.store() as? EitherBlobs
    try await either?.other.put(Self.account, [MediaScene.blob("other")])
    let isEither = either != nil
    let texts = ["b", long, isEither ? "other" : "b", "a", "none", "a"]
    let read = Mutex<[Int: Int]>([:])
    let count = try await scene.store().read(Self.account, texts.map(MediaScene.digest)) { place, bytes in
      read.withLock { $0[place, default: 0] += bytes.count }
    }
    #expect(count == 4)
    #expect(read.withLock { $0 } == [0: 1, 1: 3 << 20, 2: isEither ? 5 : 1, 3: 1])
  }

  @Test("F16: accounts share nothing", arguments: StoreKind.allCases)
  func accounts(kind: StoreKind) async throws {
    let scene = try await MediaScene(kind)
    for account in [Self.account, 2] { try await scene.store().put(account, [MediaScene.blob("the same")]) }
    try await scene.store().put(2, [MediaScene.blob("of the other")])
    #expect(try await scene.bytes(MediaScene.digest("of the other")) == nil)
    try await scene.remove([MediaScene.digest("the same")])
    #expect(try await scene.bytes(MediaScene.digest("the same"), 2) == Array("the same".utf8))
    #expect(try await scene.digests() == [])
  }

  @Test("a blob is missing until it is put, and when it is removed", arguments: StoreKind.allCases)
  func missing(kind: StoreKind) async throws {
    let scene = try await MediaScene(kind)
    let (a, b) = (MediaScene.blob("a").content, MediaScene.blob("b").content)
    #expect(try await scene.missing([a, b]) == [a, b])
    try await scene.store().put(Self.account, [MediaScene.blob("a")])
    #expect(try await scene.missing([a, b]) == [b])
    #expect(try await scene.missing([MediaContent(digest: a.digest, size: 2)]).count == 1)
    try await scene.remove([a.digest])
    #expect(try await scene.missing([a]) == [a])
  }

  @Test("listing gives every blob once", arguments: StoreKind.allCases, [1, 7, 1000])
  func listing(kind: StoreKind, limit: Int) async throws {
    let scene = try await MediaScene(kind)
    let blobs = (0..<40).map { MediaScene.blob("blob \($0)") }
    try await scene.store().put(Self.account, blobs)
    var met: [BlobDigest] = []
    while true {
      let page = try await scene.store().list(Self.account, after: met.last, limit: limit)
      if page.isEmpty { break }
      #expect(page.count <= limit)
      met += page.map(\.content.digest)
    }
    #expect(met == blobs.map(\.content.digest).sorted())
  }

  @Test("removing spares what is younger, and what is not there is nothing", arguments: StoreKind.allCases)
  func removing(kind: StoreKind) async throws {
    let scene = try await MediaScene(kind)
    try await scene.store().put(Self.account, [MediaScene.blob("old"), MediaScene.blob("touched")])
    scene.wait(milliseconds: 1000)
    try await scene.store().put(Self.account, [MediaScene.blob("young"), MediaScene.blob("touched")])
    try await scene.remove(["old", "touched", "young", "never"].map(MediaScene.digest), putBefore: scene.now)
    #expect(try await Set(scene.digests()) == Set(["touched", "young"].map(MediaScene.digest)))
  }

  @Test("everything of an account goes with it", arguments: StoreKind.allCases)
  func removingAll(kind: StoreKind) async throws {
    let scene = try await MediaScene(kind)
    try await scene.store().put(Self.account, [MediaScene.blob("a")])
    try await UserData(users: scene.backend, folder: scene.root).remove(Self.account)
    for _ in 1...2 { try await scene.store().removeAll(Self.account) }
    let left = try FileManager.default.contentsOfDirectory(atPath: scene.root)
    #expect(!left.contains("blobs") || !FileManager.default.fileExists(atPath: scene.root + "/blobs/1"))
    #expect(try await scene.backend.schemas().contains(.user(Self.account)) == false)
  }

  @Test("blobs as files are named by their digest, and nobody else may read them")
  func files() async throws {
    let scene = try await MediaScene(.files)
    try await scene.store().put(Self.account, [MediaScene.blob("a")])
    let path = "\(scene.root)/blobs/1/8/86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
    try Data("torn".utf8).write(to: URL(filePath: path))
    #expect(try await scene.missing([MediaScene.blob("a").content]).count == 1)
    try await scene.store().put(Self.account, [MediaScene.blob("a")])
    #expect(try await scene.bytes(MediaScene.digest("a")) == [UInt8(ascii: "a")])
  }

  @Test("blobs that one setting has put are found with the other", arguments: [StoreKind.files, .rows])
  func both(kind: StoreKind) async throws {
    let scene = try await MediaScene(kind == .files ? .filesThenRows : .rowsThenFiles)
    let either = try #require(scene.store() as? EitherBlobs)
    try await either.other.put(Self.account, [MediaScene.blob("a"), MediaScene.blob("both")])
    try await either.put(Self.account, [MediaScene.blob("b"), MediaScene.blob("both")])
    #expect(try await scene.bytes(MediaScene.digest("a")) == [UInt8(ascii: "a")])
    #expect(try await scene.missing(Set(["a", "b", "both"].map { MediaScene.blob($0).content })) == [])
    #expect(try await scene.digests().count == 3)
    try await scene.remove(scene.digests())
    #expect(try await scene.digests() == [])
  }
}
