import SyncCore
import Testing

@testable import Server

@Suite("Accounts")
struct AccountsTests {
  @Test("a user who was added is listed and has a schema with the time of the adding")
  func add() async throws {
    let scene = try await AccountsScene()
    let id = try await scene.accounts.add("anna", password: "secret")
    let listed = try await scene.accounts.list()
    #expect(listed.map(\.name) == ["anna"])
    #expect(listed.map(\.state) == [.active])
    let user = try await scene.store.read(.user(id)) { try $0.first(User.self, 1) }
    #expect(user?.created == scene.clock.now)
  }

  @Test("a name that is taken is refused, however it is composed or padded", arguments: ["zoé", "zoe\u{301}", " zoé "])
  func taken(again: String) async throws {
    let scene = try await AccountsScene()
    try await scene.accounts.add("zoé", password: "a")
    await #expect(throws: AccountError.nameTaken(try UserName("zoé"))) {
      try await scene.accounts.add(again, password: "b")
    }
    let key = try await scene.login("zoé", "a")
    #expect(!key.isEmpty)
  }

  @Test("names differ by case")
  func cases() async throws {
    let scene = try await AccountsScene()
    try await scene.accounts.add("anna", password: "a")
    try await scene.accounts.add("Anna", password: "b")
    #expect(await scene.refusal("Anna", "a") == .forbidden)
    #expect(await scene.refusal("Anna", "b") == nil)
  }

  @Test("of two who add one name at once, one is told that it is taken, and leaves no schema")
  func race() async throws {
    let scene = try await AccountsScene()
    let rival = scene.elsewhere
    let slow = HookedBackend(inner: scene.store) { try await rival.add("anna", password: "first") }
    await #expect(throws: AccountError.nameTaken(try UserName("anna"))) {
      try await scene.accounts(users: slow).add("anna", password: "second")
    }
    #expect(await scene.refusal("anna", "first") == nil)
    let schemas = try await scene.store.schemas()
    #expect(Set(schemas) == [.accounts, .user(2)])
  }

  @Test("a number is never given again")
  func numbers() async throws {
    let scene = try await AccountsScene()
    let first = try await scene.accounts.add("anna", password: "a")
    try await scene.accounts.delete("anna") { _ in }
    let second = try await scene.accounts.add("anna", password: "a")
    #expect(second > first)
  }

  @Test("an adding that is cut off leaves no account, and can be repeated")
  func cutOff() async throws {
    let scene = try await AccountsScene()
    let broken = HookedBackend(inner: scene.store) { throw StorageError(.unavailable, "no schemas today") }
    await #expect(throws: StorageError.self) {
      try await scene.accounts(users: broken).add("anna", password: "a")
    }
    let listed = try await scene.accounts.list()
    #expect(listed.isEmpty)
    try await scene.accounts.add("anna", password: "a")
    let ids = try await scene.accounts.list().map(\.id)
    #expect(ids == [2])
  }

  @Test("a changed password is the only one that is right, and ends every key at once")
  func change() async throws {
    let scene = try await AccountsScene()
    try await scene.accounts.add("anna", password: "old")
    try await scene.accounts.add("berta", password: "hers")
    let key = try await scene.login("anna", "old")
    let other = try await scene.login("berta", "hers")
    #expect(try await scene.accounts.account(forHostKey: key) != nil)
    try await scene.accounts.changePassword("anna", to: "new")
    #expect(try await scene.accounts.account(forHostKey: key) == nil)
    #expect(try await scene.accounts.account(forHostKey: other)?.name == "berta")
    #expect(await scene.refusal("anna", "old") == .forbidden)
    #expect(await scene.refusal("anna", "new") == nil)
  }

  @Test("nothing can be done with a user who is not there")
  func unknown() async throws {
    let scene = try await AccountsScene()
    let error = AccountError.unknown(try UserName("nobody"))
    await #expect(throws: error) { try await scene.accounts.changePassword("nobody", to: "x") }
    await #expect(throws: error) { try await scene.accounts.delete("nobody") { _ in } }
    await #expect(throws: error) { _ = try await scene.accounts.find("nobody") }
  }

  @Test("a user whose schema was lost with a process gets one again, but only while there is an account")
  func revive() async throws {
    let scene = try await AccountsScene()
    let id = try await scene.accounts.add("anna", password: "a")
    try await scene.store.drop(.user(id))
    scene.clock.pass(5000)
    try await scene.accounts.revive(id)
    let user = try await scene.store.read(.user(id)) { try $0.first(User.self, 1) }
    #expect(user?.created == scene.clock.now - 5000)
    await #expect(throws: SyncError.self) { try await scene.accounts.revive(id + 1) }
  }
}
