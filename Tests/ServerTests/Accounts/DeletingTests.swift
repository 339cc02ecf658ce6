import Foundation
import SyncCore
import Synchronization
import Testing

@testable import Server

@Suite("Deleting a user")
struct DeletingTests {
  private struct PowerCut: Error {}

  @Test("a deleted user is gone with schemas and files, and nobody else is")
  func everything() async throws {
    let scene = try await AccountsScene()
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("deleting-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let anna = try await scene.accounts.add("anna", password: "a")
    let berta = try await scene.accounts.add("berta", password: "b")
    for id in [anna, berta] {
      try await scene.store.create(.collection(user: id, generation: 1))
      try await scene.store.create(.collection(user: id, generation: 2))
      let blobs = folder.appendingPathComponent("blobs/\(id)")
      try FileManager.default.createDirectory(at: blobs, withIntermediateDirectories: true)
      try Data([1]).write(to: blobs.appendingPathComponent("x"))
    }

    _ = try await scene.login("anna", "a")
    _ = try await scene.login("berta", "b")
    let data = UserData(users: scene.store, folder: folder.path)
    try await scene.accounts.delete("anna") { try await data.remove($0) }

    let schemas = try await scene.store.schemas()
    let bertas: [Schema] = [
      .user(berta), .collection(user: berta, generation: 1), .collection(user: berta, generation: 2),
    ]
    #expect(Set(schemas) == Set([.accounts] + bertas))
    let names = try await scene.accounts.list().map(\.name)
    #expect(names == ["berta"])
    let keys = try await scene.rows(HostKey.self)
    #expect(keys.map(\.account) == [berta])
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent("blobs").path)
    #expect(left == ["\(berta)"])
    try await data.remove(anna)
  }

  @Test("the keys of a user are dead before the data is removed")
  func keysFirst() async throws {
    let scene = try await AccountsScene()
    try await scene.accounts.add("anna", password: "a")
    let key = try await scene.login("anna", "a")
    #expect(try await scene.accounts.account(forHostKey: key) != nil)
    let accounts = scene.accounts
    let holder = Mutex<[KeyHolder?]>([])
    try await accounts.delete("anna") { _ in
      let found = try await accounts.account(forHostKey: key)
      holder.withLock { $0.append(found) }
    }
    #expect(holder.withLock { $0 } == [nil])
    #expect(try await accounts.account(forHostKey: key) == nil)
  }

  @Test("a deletion that was cut off lets nobody in and is resumed", arguments: [true, false])
  func resume(bySweeping: Bool) async throws {
    let scene = try await AccountsScene()
    let id = try await scene.accounts.add("anna", password: "a")
    await #expect(throws: PowerCut.self) { try await scene.accounts.delete("anna") { _ in throw PowerCut() } }
    #expect(await scene.refusal("anna", "a") == .forbidden)
    await #expect(throws: AccountError.self) { try await scene.accounts.add("anna", password: "b") }

    let data = UserData(users: scene.store, folder: "/nowhere")
    if bySweeping {
      try await scene.accounts.resumeDeletions { try await data.remove($0) }
    } else {
      try await scene.accounts.delete("anna") { try await data.remove($0) }
    }
    let left = try await scene.accounts.list()
    #expect(left.isEmpty)
    let schemas = try await scene.store.schemas()
    #expect(!schemas.contains(.user(id)))
    try await scene.accounts.add("anna", password: "b")
    #expect(await scene.refusal("anna", "b") == nil)
  }

  @Test("resuming touches nobody who is not being deleted")
  func resumeSpares() async throws {
    let scene = try await AccountsScene()
    try await scene.accounts.add("anna", password: "a")
    try await scene.accounts.resumeDeletions { _ in throw PowerCut() }
    let names = try await scene.accounts.list().map(\.name)
    #expect(names == ["anna"])
  }
}
