import AnkiFormats
import Foundation
import SyncCore
import Testing

@testable import Server

@Suite("Care for media", .ownFolder)
struct MediaCareTests {
  private static let account = MediaScene.account

  @Test("orphans are removed when they are a day old, files never", arguments: StoreKind.allCases)
  func collecting(kind: StoreKind) async throws {
    let scene = try await MediaScene(kind)
    try await scene.upload([("a", "first"), ("b", "second"), ("c", "third")])
    try await scene.upload([("a", "replaced"), ("b", nil)])
    scene.wait(milliseconds: MediaCare.grace)
    try await scene.store().put(Self.account, [MediaScene.blob("young")])
    #expect(try await scene.care().collect(Self.account) == 0)
    scene.wait(milliseconds: 1)
    #expect(try await scene.care().collect(Self.account) == 2)
    let left = ["third", "replaced", "young"].map(MediaScene.digest)
    #expect(try await Set(scene.digests()) == Set(left))
    #expect(try await scene.download(["a", "c"]) == ["a": "replaced", "c": "third"])
  }

  @Test("a collector beside uploads takes nothing away from them", arguments: StoreKind.allCases)
  func besideUploads(kind: StoreKind) async throws {
    let scene = try await MediaScene(kind)
    let texts = (0..<12).map { "text \($0)" }
    try await scene.store().put(Self.account, texts.map { MediaScene.blob($0) })
    scene.wait(milliseconds: MediaCare.grace + 1)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for text in texts { group.addTask { try await scene.upload([(text, text)]) } }
      group.addTask { for _ in 0..<5 { _ = try await scene.care().collect(Self.account) } }
      try await group.waitForAll()
    }
    #expect(try await scene.download(texts) == Dictionary(uniqueKeysWithValues: texts.map { ($0, $0) }))
  }

  @Test(
    "an index row is not written after its bytes were collected: they are put again",
    arguments: [StoreKind.files, .rows])
  func collectedMeanwhile(kind: StoreKind) async throws {
    let scene = try await MediaScene(kind)
    // A collector whose clock goes before, in the moment between bytes and index.
    let hooked = HookedMediaBackend(scene.backend, before: kind == .files ? 1 : 2) { _ in
      try await scene.remove([MediaScene.digest("text")])
    }
    #expect(try await scene.upload([("a", "text")], scene.service(hooked)) == [1, 1])
    #expect(try await scene.download(["a"]) == ["a": "text"])
  }

  @Test("a check tells what is lost, changed and unused, and changes nothing", arguments: StoreKind.allCases)
  func checking(kind: StoreKind) async throws {
    let scene = try await MediaScene(kind)
    try await scene.spoil()
    for _ in 1...2 {
      let report = try await scene.care().check(Self.account, repairs: false)
      #expect(report.files == 3 && report.missing == ["lost"] && report.damaged == ["wrong"] && report.orphans == 1)
      #expect(report.areCountersWrong && !report.isFine)
    }
  }

  @Test("a repair leaves what is whole, and what is lost can be uploaded again", arguments: StoreKind.allCases)
  func repairing(kind: StoreKind) async throws {
    let scene = try await MediaScene(kind)
    try await scene.spoil()
    let report = try await scene.care().check(Self.account, repairs: true)
    #expect(report.missing == ["lost"] && report.damaged == ["wrong"] && report.orphans == 1)
    let after = try await scene.care().check(Self.account, repairs: true)
    #expect(after.isFine && after.files == 1)
    #expect(try await scene.ask(.mediaSanity, "{\"local\":1}").object?["data"] == .string("OK"))
    try await scene.upload([("lost", "lost"), ("wrong", "wrong")])
    #expect(try await scene.download(["fine", "lost", "wrong"]) == ["fine": "fine", "lost": "lost", "wrong": "wrong"])
  }

  @Test("the command says what it found, and fails where something is wrong")
  func command() async throws {
    let scene = CLIScene()
    _ = await scene.run("adduser", "--password-stdin", "eve", input: "secret")
    #expect(await scene.run("media", "check", "eve").out == ["eve: 0 files, all as they should be"])
    #expect(await scene.run("media", "check", "--all").code == 0)
    #expect(await scene.run("media", "check", "nobody").code == 1)
    #expect(await scene.run("media", "check").code == 1)
    #expect(await scene.run("media", "check", "eve", "--all").code == 1)
  }
}

extension MediaScene {
  /// Takes bytes away, or puts others in their place.
  func lose(_ text: String, leavingWrongBytes: Bool) async throws {
    let digest = Self.digest(text)
    guard leavingWrongBytes else { return try await remove([digest]) }
    let wrong = Array(repeating: UInt8(ascii: "?"), count: text.utf8.count)
    let path = "\(root)/blobs/1/\(digest.hex.prefix(1))/\(digest.hex)"
    if FileManager.default.fileExists(atPath: path) {
      let age = try FileManager.default.attributesOfItem(atPath: path)[.modificationDate]
      try Data(wrong).write(to: URL(filePath: path))
      try FileManager.default.setAttributes([.modificationDate: age as Any], ofItemAtPath: path)
      return
    }
    try await backend.write(.user(Self.account), .relaxed) { rows in
      var pieces = try rows.fetch(BlobPiece.self, .all).filter { $0.id.digest.string == digest.hex }
      for index in pieces.indices { pieces[index].bytes = wrong }
      try rows.upsert(pieces)
    }
  }

  /// A whole file, one that is lost, one that has changed, an orphan, and a wrong counter.
  func spoil() async throws {
    try await store().put(Self.account, [Self.blob("orphan")])
    wait(milliseconds: MediaCare.grace + 1)
    try await upload([("fine", "fine"), ("lost", "lost"), ("wrong", "wrong"), ("deleted", "x"), ("deleted", nil)])
    try await lose("lost", leavingWrongBytes: false)
    try await lose("wrong", leavingWrongBytes: true)
    wait(milliseconds: 1000)
    try await backend.write(.user(Self.account), .relaxed) { rows in
      guard var user = try rows.first(User.self, 1) else { return }
      user.mediaCount += 1
      try rows.upsert([user])
    }
  }
}
