import SyncCore
import Testing

@testable import Server

@Suite("Login limits")
struct LoginLimitTests {
  private static let hour: Int64 = 3_600_000

  @Test("after ten failures from one address the account is closed to that address, not to others")
  func perBoth() async throws {
    let scene = try await AccountsScene()
    try await scene.accounts.add("anna", password: "a")
    for _ in 0..<10 { #expect(await scene.refusal("anna", "wrong") == .forbidden) }
    #expect(await scene.refusal("anna", "wrong") == .tooManyLogins)
    #expect(await scene.refusal("anna", "a") == .tooManyLogins)
    #expect(await scene.refusal("anna", "a", from: "192.0.2.2") == nil)
  }

  @Test("spelling a name differently does not help")
  func spelling() async throws {
    let scene = try await AccountsScene(limits: LoginLimits(perAccountAndAddress: 2))
    #expect(await scene.refusal("zoé", "wrong") == .forbidden)
    #expect(await scene.refusal(" zoe\u{301}", "wrong") == .forbidden)
    #expect(await scene.refusal("zoé ", "wrong") == .tooManyLogins)
  }

  @Test("after its limit an account is closed to every address")
  func perAccount() async throws {
    let scene = try await AccountsScene(limits: LoginLimits(perAccount: 5))
    try await scene.accounts.add("anna", password: "a")
    for number in 0..<5 { #expect(await scene.refusal("anna", "wrong", from: "192.0.2.\(number)") == .forbidden) }
    #expect(await scene.refusal("anna", "a", from: "192.0.2.9") == .tooManyLogins)
    #expect(await scene.refusal("berta", "b", from: "192.0.2.9") == .forbidden)
  }

  @Test("after its limit an address is closed for every account, known or not")
  func perAddress() async throws {
    let scene = try await AccountsScene(limits: LoginLimits(perAddress: 5))
    try await scene.accounts.add("anna", password: "a")
    for number in 0..<5 { #expect(await scene.refusal("nobody\(number)", "x") == .forbidden) }
    #expect(await scene.refusal("anna", "a") == .tooManyLogins)
    #expect(await scene.refusal("anna", "a", from: "192.0.2.2") == nil)
  }

  @Test("the hour begins with the first failure, and when it is over nothing is left of it")
  func window() async throws {
    let scene = try await AccountsScene(limits: LoginLimits(perAccountAndAddress: 2))
    try await scene.accounts.add("anna", password: "a")
    #expect(await scene.refusal("anna", "wrong") == .forbidden)
    scene.clock.pass(Self.hour - 1)
    #expect(await scene.refusal("anna", "wrong") == .forbidden)
    #expect(await scene.refusal("anna", "a") == .tooManyLogins)
    scene.clock.pass(1)
    #expect(await scene.refusal("anna", "a") == nil)
  }

  @Test("a window that was opened while the clock was ahead is no window")
  func clockAhead() async throws {
    let scene = try await AccountsScene(limits: LoginLimits(perAccountAndAddress: 1))
    try await scene.accounts.add("anna", password: "a")
    #expect(await scene.refusal("anna", "wrong") == .forbidden)
    scene.clock.pass(-1)
    #expect(await scene.refusal("anna", "a") == nil)
  }

  @Test("a success is no failure")
  func success() async throws {
    let scene = try await AccountsScene(limits: LoginLimits(perAccountAndAddress: 1))
    try await scene.accounts.add("anna", password: "a")
    for _ in 0..<3 { #expect(await scene.refusal("anna", "a") == nil) }
    let failures = try await scene.rows(LoginFailures.self)
    #expect(failures.isEmpty)
  }

  @Test("a burst of guesses learns no more than the limit allows")
  func burst() async throws {
    let scene = try await AccountsScene(limits: LoginLimits(perAccountAndAddress: 3))
    let answers = await withTaskGroup(of: SyncError.Code?.self) { group in
      for _ in 0..<12 { group.addTask { await scene.refusal("anna", "wrong") } }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(answers.filter { $0 == .forbidden }.count == 3)
    #expect(answers.filter { $0 == .tooManyLogins }.count == 9)
  }

  @Test("a limit that is reached is answered without hashing")
  func beforeHashing() async throws {
    let hasher = PasswordHasher(threads: 1, waiting: 0)
    let scene = try await AccountsScene(limits: LoginLimits(perAccountAndAddress: 1), hasher: hasher)
    #expect(await scene.refusal("anna", "wrong") == .forbidden)
    try await hasher.whileBusy {
      #expect(await scene.refusal("anna", "wrong") == .tooManyLogins)
    }
  }

  @Test("keys in use are unaffected by the limits")
  func keys() async throws {
    let scene = try await AccountsScene(limits: LoginLimits(perAccountAndAddress: 1))
    try await scene.accounts.add("anna", password: "a")
    let key = try await scene.login("anna", "a")
    #expect(await scene.refusal("anna", "wrong") == .forbidden)
    #expect(await scene.refusal("anna", "wrong") == .tooManyLogins)
    #expect(try await scene.accounts.account(forHostKey: key) != nil)
  }

  @Test("failures hold for all processes, name nobody, and are forgotten in time")
  func rows() async throws {
    let scene = try await AccountsScene()
    for number in 0..<20 { #expect(await scene.refusal("anna\(number)", "x") == .forbidden) }
    let before = try await scene.rows(LoginFailures.self)
    #expect(before.count == 41)
    #expect(before.allSatisfy { $0.subject.utf8.count == 64 })
    scene.clock.pass(Self.hour)
    for number in 0..<20 { #expect(await scene.refusal("berta\(number)", "x") == .forbidden) }
    let after = try await scene.rows(LoginFailures.self)
    #expect(after.filter { $0.expires <= scene.clock.now }.count < 12)
  }
}
