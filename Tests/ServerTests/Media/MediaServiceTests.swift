import AnkiFormats
import Foundation
import SyncCore
import Testing

@testable import Server

@Suite("Media calls", .ownFolder)
struct MediaServiceTests {
  private static let account = MediaScene.account

  @Test("files that were uploaded are told of and downloaded", arguments: StoreKind.allCases)
  func roundTrip(kind: StoreKind) async throws {
    let scene = try await MediaScene(kind)
    #expect(try await scene.upload([("a.txt", "one"), ("é.txt", "two"), ("gone", "x"), ("gone", nil)]) == [4, 4])
    #expect(
      try await scene.ask(.begin, "{\"v\":\"anki\"}")
        == .object(["data": .object(["usn": .int(4), "sk": .string("the key")]), "err": .string("")]))
    let changes = try await scene.ask(.mediaChanges, "{\"lastUsn\":1}").object?["data"]
    let sha1 = MediaScene.digest("two").hex
    #expect(
      changes
        == .array([
          .array([.string("é.txt"), .int(2), .string(sha1)]), .array([.string("gone"), .int(4), .string("")]),
        ]))
    #expect(try await scene.download(["é.txt", "a.txt"]) == ["é.txt": "two", "a.txt": "one"])
    #expect(try await scene.ask(.mediaSanity, "{\"local\":2}").object?["data"] == .string("OK"))
    #expect(try await scene.ask(.mediaSanity, "{\"local\":3}").object?["data"] == .string("mediaSanity"))
    #expect(try scene.leftovers() == [])
  }

  @Test("an empty download is a zip without files")
  func emptyDownload() async throws {
    #expect(try await MediaScene(.files).download([]) == [:])
  }

  @Test("equal contents are kept once", arguments: StoreKind.allCases)
  func deduplication(kind: StoreKind) async throws {
    let scene = try await MediaScene(kind)
    try await scene.upload([("a", "same"), ("b", "same")])
    try await scene.upload([("c", "same")])
    #expect(try await scene.digests().count == 1)
    #expect(try await scene.download(["a", "b", "c"]) == ["a": "same", "b": "same", "c": "same"])
  }

  @Test("F17: of a zip that is refused nothing is kept", arguments: [StoreKind.files, .rows])
  func refusal(kind: StoreKind) async throws {
    let scene = try await MediaScene(kind)
    await #expect(throws: SyncError.self) { try await scene.upload([("a", "kept by nobody"), ("b", "")]) }
    #expect(try await scene.digests() == [])
    #expect(try await scene.ask(.begin, "{}").object?["data"]?.object?["usn"] == .int(0))
    #expect(try scene.leftovers() == [])
  }

  @Test("a client beyond its quota is told why, and nothing is kept", arguments: [StoreKind.files, .rows])
  func quota(kind: StoreKind) async throws {
    let scene = try await MediaScene(kind)
    let answer = try await scene.ask(
      .uploadChanges, MediaScene.zip([("a", "1234")]), scene.service(quota: MediaQuota(bytes: 3)))
    #expect(answer.object?["data"] == .null)
    #expect(answer.object?["err"]?.string?.contains("0 MB") == true)
    #expect(try await scene.digests() == [])
  }

  @Test("F8: of lost bytes a client hears once, and then goes on", arguments: StoreKind.allCases, [false, true])
  func lostBytes(kind: StoreKind, areThere: Bool) async throws {
    let scene = try await MediaScene(kind)
    try await scene.upload([("a", "lost"), ("b", "here")])
    scene.wait(milliseconds: 1000)
    try await scene.lose("lost", leavingWrongBytes: areThere)
    await #expect(throws: SyncError.self) { try await scene.download(["a", "b"]) }
    #expect(try await scene.ask(.mediaSanity, "{\"local\":1}").object?["data"] == .string("OK"))
    #expect(try await scene.download(["b"]) == ["b": "here"])
    try await scene.upload([("a", "lost")])
    #expect(try await scene.download(["a"]) == ["a": "lost"])
  }

  @Test("identical contents that are uploaded again bring lost bytes back", arguments: StoreKind.allCases)
  func broughtBack(kind: StoreKind) async throws {
    let scene = try await MediaScene(kind)
    try await scene.upload([("a", "lost")])
    try await scene.remove([MediaScene.digest("lost")])
    #expect(try await scene.upload([("a", "lost")]) == [1, 1])
    #expect(try await scene.download(["a"]) == ["a": "lost"])
  }

  @Test("a file that is unknown or deleted is a conflict", arguments: ["unknown", "deleted", "../a"])
  func unknown(name: String) async throws {
    let scene = try await MediaScene(.files)
    try await scene.upload([("a", "1"), ("deleted", "2"), ("deleted", nil)])
    do {
      _ = try await scene.download(["a", name])
      Issue.record("it was found")
    } catch let error as SyncError {
      #expect(error.code == .sessionConflict)
    }
  }

  @Test(
    "a body that is none is invalid",
    arguments: [
      (SyncMethod.mediaChanges, "{}"), (.mediaChanges, "{\"lastUsn\":\"1\"}"), (.mediaChanges, "[]"),
      (.mediaSanity, "{\"local\":null}"), (.downloadFiles, "{\"files\":\"a\"}"), (.downloadFiles, "{\"files\":[1]}"),
      (.uploadChanges, ""), (.uploadChanges, "PK"),
    ])
  func invalid(method: SyncMethod, body: String) async throws {
    let scene = try await MediaScene(.files)
    do {
      _ = try await scene.ask(method, body)
      Issue.record("it was taken")
    } catch let error as SyncError {
      #expect(error.code == .invalid)
    }
  }

  @Test(
    "F15: an upload that dies after any call leaves an index whose bytes are all there",
    arguments: [StoreKind.files, .rows], 0..<6)
  func crash(kind: StoreKind, calls: Int) async throws {
    let scene = try await MediaScene(kind)
    try await scene.upload([("a", "1"), ("b", "2")])
    let crashing = CrashingBackend(scene.backend, after: calls)
    let answer = try? await scene.upload([("a", "new"), ("b", nil), ("c", "3")], scene.service(crashing))
    let usn = try await scene.ask(.begin, "{}").object?["data"]?.object?["usn"]?.int
    #expect(usn == (answer == nil ? 2 : 5))
    let report = try await scene.care().check(Self.account, repairs: false)
    #expect(report.isFine && report.files == 2)
    #expect(try await scene.upload([("a", "new"), ("b", nil), ("c", "3")])?[1] == 5)
    #expect(try await scene.download(["a", "c"]) == ["a": "new", "c": "3"])
  }

  @Test("two devices at once lose nothing", arguments: StoreKind.allCases)
  func together(kind: StoreKind) async throws {
    let scene = try await MediaScene(kind)
    let service = scene.service()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for device in 0..<4 {
        group.addTask {
          for number in 0..<5 {
            try await scene.upload([("\(device)-\(number)", "text \(device) \(number)"), ("all", "same")], service)
          }
        }
      }
      try await group.waitForAll()
    }
    let usns = try await scene.ask(.mediaChanges, "{\"lastUsn\":0}").object?["data"]?.array?
      .compactMap { $0.array?[1].int }
    #expect(usns == Array(1...21))
    #expect(try await scene.care().check(Self.account, repairs: false).isFine)
  }

  @Test("F16: users do not see each other's files")
  func users() async throws {
    let scene = try await MediaScene(.files)
    try await scene.upload([("a", "mine")], account: 2)
    #expect(try await scene.ask(.begin, "{}").object?["data"]?.object?["usn"] == .int(0))
    await #expect(throws: SyncError.self) { try await scene.download(["a"]) }
  }

  @Test("F11: no name leaves the folder of the blobs")
  func names() async throws {
    let scene = try await MediaScene(.files)
    let names = ["../x", "/etc/x", "a\\b", "a\u{0}b", "C:x", "..", ".", String(repeating: "x", count: 300)]
    let outcome = try await scene.upload(names.map { ($0, $0) })
    #expect(outcome == [8, 8])
    let files = FileManager.default.enumerator(atPath: scene.root)?.compactMap { $0 as? String } ?? []
    let blobs = files.filter { path in
      var isFolder: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: "\(scene.root)/\(path)", isDirectory: &isFolder)
      return !isFolder.boolValue
    }
    #expect(blobs.count == 8 && blobs.allSatisfy { $0.hasPrefix("blobs/1/") && $0.utf8.count == 8 + 2 + 40 })
  }

  @Test("the bytes of an upload whose user is deleted meanwhile go with the user", arguments: [StoreKind.files, .rows])
  func deletedMeanwhile(kind: StoreKind) async throws {
    let scene = try await MediaScene(kind)
    // Read, put, and then the user is gone.
    let deleting = HookedMediaBackend(scene.backend, before: kind == .files ? 1 : 2) { try await $0.drop(.user(1)) }
    await #expect(throws: StorageError.self) { try await scene.upload([("a", "1")], scene.service(deleting)) }
    #expect(!FileManager.default.fileExists(atPath: scene.root + "/blobs/1"))
  }
}
