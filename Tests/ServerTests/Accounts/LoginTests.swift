import SyncCore
import Testing

@testable import Server

@Suite("Logins")
struct LoginTests {
  @Test("two logins give different keys, and both work")
  func twoDevices() async throws {
    let scene = try await AccountsScene()
    let id = try await scene.accounts.add("anna", password: "a")
    let keys = [try await scene.login("anna", "a"), try await scene.login(" anna ", "a")]
    #expect(keys[0] != keys[1])
    for key in keys {
      #expect(key.utf8.count == 64)
      let holder = try await scene.accounts.account(forHostKey: key)
      #expect(holder?.id == id)
      #expect(holder?.name == "anna")
    }
  }

  @Test("a device's client is what it told last, at once, and only on its own key")
  func client() async throws {
    let scene = try await AccountsScene()
    try await scene.accounts.add("anna", password: "a")
    let keys = [try await scene.login("anna", "a", client: ""), try await scene.login("anna", "a", client: "other")]
    for told in ["ankidroid,2.9.7,", "ankidroid,2.9.7,", "anki,2.1.28 (x),\u{7}linux"] {
      try await scene.accounts.keep(client: told, ofHostKey: keys[0])
      let holder = try await scene.accounts.account(forHostKey: keys[0])
      #expect(holder?.client == told.replacing("\u{7}", with: ""))
    }
    #expect(try await scene.accounts.account(forHostKey: keys[1])?.client == "other")
    try await scene.accounts.keep(client: "x", ofHostKey: "unknown")
    let unknown = try await scene.accounts.account(forHostKey: "unknown")
    #expect(unknown == nil)
  }

  @Test("a key is stored only as its digest")
  func digest() async throws {
    let scene = try await AccountsScene()
    try await scene.accounts.add("anna", password: "a")
    let key = try await scene.login(
      "anna", "a", from: "192.0.2.1", client: "anki\n\0,26.09" + String(repeating: "x", count: 999))
    let row = try #require(try await scene.rows(HostKey.self).first)
    #expect(row.digest.string == sha256Hex(key))
    #expect(row.client.string.hasPrefix("anki,26.09"))
    #expect(row.client.utf8.count == 255)
    #expect(try await scene.accounts.account(forHostKey: row.digest.string) == nil)
  }

  @Test(
    "nobody gets in with the wrong words",
    arguments: [
      ("anna", "secreT"), ("anna", ""), ("anna", "secret "), ("anna", "berta's"), ("Anna", "secret"), ("", "secret"),
      ("", ""), ("nobody", "secret"), ("' or 1=1 --", "x"),
    ])
  func wrong(user: String, password: String) async throws {
    let scene = try await AccountsScene()
    try await scene.accounts.add("anna", password: "secret")
    try await scene.accounts.add("berta", password: "berta's")
    #expect(await scene.refusal(user, password) == .forbidden)
    let keys = try await scene.rows(HostKey.self)
    #expect(keys.isEmpty)
  }

  @Test("words that are too long, or hold what no text holds, are wrong like others")
  func strange() async throws {
    let scene = try await AccountsScene()
    try await scene.accounts.add("anna", password: "secret")
    let long = String(repeating: "x", count: 1_000_000)
    for (user, password) in [("anna", "secret\0x"), ("anna", long), (long, "secret"), ("an\0na", "secret")] {
      #expect(await scene.refusal(user, password) == .forbidden)
    }
  }

  @Test(
    "a key that no login gave belongs to nobody",
    arguments: ["", "x", "' or 1=1 --", String(repeating: "0", count: 64)])
  func madeUp(key: String) async throws {
    let scene = try await AccountsScene()
    try await scene.accounts.add("anna", password: "a")
    _ = try await scene.login("anna", "a")
    #expect(try await scene.accounts.account(forHostKey: key) == nil)
  }

  @Test(
    "an account that is not active gets no key, and those it has are dead",
    arguments: [Account.State.disabled, .deleting])
  func inactive(state: Account.State) async throws {
    let scene = try await AccountsScene()
    try await scene.accounts.add("anna", password: "a")
    let key = try await scene.login("anna", "a")
    try await scene.change("anna") { $0.stateNumber = state.rawValue }
    #expect(try await scene.accounts.account(forHostKey: key) == nil)
    #expect(await scene.refusal("anna", "a") == .forbidden)
  }

  @Test("an unknown user costs a hash like any other")
  func unknownUserIsHashed() async throws {
    let hasher = PasswordHasher(threads: 1, waiting: 0)
    let scene = try await AccountsScene(hasher: hasher)
    try await hasher.whileBusy {
      let answer = await #expect(throws: StorageError.self) { try await scene.login("nobody", "x") }
      #expect(answer?.code == .unavailable)
    }
    #expect(await scene.refusal("nobody", "x") == .forbidden)
  }

  @Test("a password that was changed while it was verified is the wrong one")
  func changedMeanwhile() async throws {
    let hasher = PasswordHasher(threads: 1, waiting: 8, patience: .seconds(600))
    let (begun, beginning) = AsyncStream<Void>.makeStream()
    let scene = try await AccountsScene(hasher: hasher) { count in
      // The salt is drawn when the account was read and its hash is to be verified.
      beginning.yield()
      return AccountsScene.random(count)
    }
    try await scene.elsewhere.add("anna", password: "old")
    let new = Text(try Argon2id(of: try Password("new"), salt: AccountsScene.random(16)).phc)
    var login: Task<SyncError.Code?, Never>?
    try await hasher.whileBusy {
      login = Task { await scene.refusal("anna", "old") }
      for await _ in begun { break }
      try await scene.change("anna") { $0.password = new }
    }
    #expect(await login?.value == .forbidden)
    let keys = try await scene.rows(HostKey.self)
    #expect(keys.isEmpty)
  }

  @Test("an older server's hash is replaced at the first login and the password stays right")
  func upgrade() async throws {
    let scene = try await AccountsScene()
    try await scene.accounts.add("anna", password: "other")
    try await scene.setHash("anna", "$pbkdf2-sha256$i=4096,l=32$c2FsdA$xeR41ZKIyEGqUw22hFxMjZYok6ABzk4RpJY4c6qYE0o")
    #expect(await scene.refusal("anna", "wrong") == .forbidden)
    var stored = try await scene.accounts.find("anna").password.string
    #expect(stored.hasPrefix("$pbkdf2"))
    #expect(await scene.refusal("anna", "password") == nil)
    stored = try await scene.accounts.find("anna").password.string
    #expect(stored.hasPrefix("$argon2id$v=19$m=19456,t=2,p=1$"))
    #expect(await scene.refusal("anna", "password") == nil)
  }

  @Test("devices that log in at the same moment are all let in while the hash is replaced")
  func upgradeTogether() async throws {
    let scene = try await AccountsScene()
    try await scene.accounts.add("anna", password: "other")
    try await scene.setHash("anna", "pbkdf2_sha256$4096$salt$xeR41ZKIyEGqUw22hFxMjZYok6ABzk4RpJY4c6qYE0o=")
    let refused = await withTaskGroup(of: SyncError.Code?.self) { group in
      for _ in 0..<4 { group.addTask { await scene.refusal("anna", "password") } }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(refused == [nil, nil, nil, nil])
  }

  @Test("a key that was accepted is asked for again after a second, so a revocation elsewhere holds by then")
  func revokedElsewhere() async throws {
    let scene = try await AccountsScene()
    try await scene.accounts.add("anna", password: "a")
    let key = try await scene.login("anna", "a")
    #expect(try await scene.accounts.account(forHostKey: key) != nil)
    try await scene.elsewhere.changePassword("anna", to: "b")
    scene.clock.pass(999)
    #expect(try await scene.accounts.account(forHostKey: key) != nil)
    scene.clock.pass(1)
    #expect(try await scene.accounts.account(forHostKey: key) == nil)
  }

  @Test("of more than a thousand keys of an account the oldest is revoked, of other accounts none")
  func tooManyKeys() async throws {
    let scene = try await AccountsScene()
    let anna = try await scene.accounts.add("anna", password: "a")
    try await scene.store.write(.accounts, .acknowledged) { rows in
      try rows.upsert((1...1000).map { HostKey(account: anna, created: Int64($0)) })
      try rows.upsert([HostKey(account: anna + 1, created: 0)])
    }
    let key = try await scene.login("anna", "a")
    #expect(try await scene.accounts.account(forHostKey: key) != nil)
    let left = try await scene.rows(HostKey.self)
    #expect(left.filter { $0.account == anna }.map(\.created).min() == 2)
    #expect(left.count == 1001)
  }

  @Test("what was looked up before a revocation is not remembered after it")
  func lateAnswer() {
    let cache = KeyCache()
    let before = cache.revocations
    cache.forgetAll()
    cache.remember("d", KeyHolder(id: 1, name: "anna"), since: 0, revocations: before)
    #expect(cache.holder(of: "d", at: 0) == nil)
    cache.remember("d", KeyHolder(id: 1, name: "anna"), since: 0, revocations: cache.revocations)
    #expect(cache.holder(of: "d", at: 0) != nil)
    #expect(cache.holder(of: "d", at: -1) == nil)
  }
}

extension HostKey {
  fileprivate init(account: Int64, created: Int64) {
    self.init()
    (self.account, self.created, digest) = (account, created, Text(sha256Hex("\(account) \(created)")))
  }
}
