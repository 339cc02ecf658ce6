import Foundation
import SyncCore
import Synchronization
import Testing

@testable import Server

/// What is on the disk when a put has returned, by what it waited for.
@Suite("What blobs as files wait for", .ownFolder)
struct DurableBlobsTests {
  private static let blobs = (0..<25).map { MediaScene.blob("blob \($0)") }
  private static func shelf(_ blob: BlobSource) -> String { "blobs/1/\(blob.content.digest.hex.prefix(1))" }

  @Test("a file gets its name when its bytes are on the disk, and all names are when put returns")
  func order() async throws {
    let scene = try await MediaScene(.files)
    let disk = Disk(scene.root)
    try await scene.files(disk.wait).put(1, Self.blobs)
    let waits = disk.waits
    let (bytes, names) = (waits.prefix(25), waits.dropFirst(25))
    #expect(Set(bytes.map(\.path)).count == 25)
    #expect(bytes.allSatisfy { $0.path.hasPrefix("tmp/") && $0.named == 0 })
    #expect(Set(names.map(\.path)) == Set(Self.blobs.map(Self.shelf)).union(["blobs/1", "blobs", ""]))
    #expect(names.allSatisfy { $0.named == 25 })
  }

  @Test("folders that are there already are waited for each by itself")
  func later() async throws {
    let scene = try await MediaScene(.files)
    try await scene.store().put(1, Self.blobs + (25..<200).map { MediaScene.blob("blob \($0)") })
    let (disk, new) = (Disk(scene.root), MediaScene.blob("another"))
    try await scene.files(disk.wait).put(1, [new])
    #expect(disk.waits.count == 2 && disk.waits.last?.path == Self.shelf(new))
  }

  @Test("who puts what is there already waits for its name, which somebody may have given it just now")
  func again() async throws {
    let scene = try await MediaScene(.files)
    try await scene.store().put(1, Self.blobs)
    let disk = Disk(scene.root)
    try await scene.files(disk.wait).put(1, [Self.blobs[7]])
    #expect(disk.waits.map(\.path) == [Self.shelf(Self.blobs[7])])
  }

  @Test("where the disk fails put throws, and bytes that may be lost have no name", arguments: [1, 2, 13, 25, 26, 40])
  func failing(wait: Int) async throws {
    let scene = try await MediaScene(.files)
    let disk = Disk(scene.root, failsAt: wait)
    await #expect(throws: StorageError.self) { try await scene.files(disk.wait).put(1, Self.blobs) }
    #expect(try await scene.digests().count == (wait <= 25 ? 0 : 25))
    #expect(try scene.leftovers() == [])
  }
}

/// A disk that notes who waits for it.
private final class Disk: Sendable {
  struct Wait: Sendable {
    /// What was waited for, seen from the root.
    var path: String
    /// How many blobs had a name at that moment.
    var named: Int
  }

  private let root: String
  private let failing: Int?
  private let state = Mutex<[Wait]>([])

  init(_ root: String, failsAt failing: Int? = nil) { (self.root, self.failing) = (root, failing) }

  var waits: [Wait] { state.withLock { $0 } }

  @Sendable func wait(_ descriptor: Int32) -> Int32 {
    let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)")
    let named = FileManager.default.enumerator(atPath: root + "/blobs")?.filter { ("\($0)" as NSString).length > 40 }
    return state.withLock { waits in
      waits.append(Wait(path: String((path ?? "?").dropFirst(root.count + 1)), named: named?.count ?? 0))
      guard waits.count == failing else { return 0 }
      errno = EIO
      return -1
    }
  }
}
