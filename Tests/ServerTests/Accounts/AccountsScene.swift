import Dispatch
import InMemoryBackend
import SyncCore
import Synchronization

@testable import Server

/// Accounts in memory, with a clock that stands still.
struct AccountsScene {
  let store: any Backend
  let accounts: Accounts
  let clock = StillClock()

  init(
    limits: LoginLimits = LoginLimits(),
    hasher: PasswordHasher = PasswordHasher(threads: 2, waiting: 64, patience: .seconds(600)),
    random: @escaping @Sendable (Int) -> [UInt8] = Self.random
  ) async throws {
    store = try await Self.memory()
    try await store.create(.accounts)
    accounts = Accounts(
      store: store, users: store, hasher: hasher, limits: limits, now: { [clock] in clock.now }, random: random)
  }

  static func memory() async throws -> any Backend {
    try await BackendFactory.memory.open(StorageSettings(folder: "", patience: 600, queue: 1000))
  }

  @Sendable static func random(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255) } }

  /// Another process on the same storage.
  var elsewhere: Accounts { accounts(users: store) }

  /// Accounts on the same storage that see the users' schemas through another backend.
  func accounts(users: any Backend) -> Accounts {
    Accounts(
      store: store, users: users, hasher: accounts.hasher, now: { [clock] in clock.now }, random: Self.random)
  }

  func login(
    _ user: String, _ password: String, from address: String = "192.0.2.1", client: String = "anki,26.09"
  ) async throws -> String {
    try await accounts.login(LoginAttempt(user: user, password: password, address: address, client: client))
  }

  /// What the login is answered: nil where it is let in.
  func refusal(_ user: String, _ password: String, from address: String = "192.0.2.1") async -> SyncError.Code? {
    do {
      _ = try await login(user, password, from: address)
      return nil
    } catch {
      return (error as? SyncError)?.code ?? .failed
    }
  }

  /// Stores an account's hash as an older server's import would.
  func setHash(_ name: String, _ hash: String) async throws {
    try await change(name) { $0.password = Text(hash) }
  }

  func change(_ name: String, _ body: @escaping @Sendable (inout Account) -> Void) async throws {
    let account = try await accounts.find(name)
    try await store.write(.accounts, .acknowledged) { rows in
      var account = account
      body(&account)
      try rows.upsert([account])
    }
  }

  func rows<R: Row>(_ type: R.Type) async throws -> [R] {
    try await store.read(.accounts) { try $0.fetch(type, .all) }
  }
}

/// Milliseconds that pass only when told to.
final class StillClock: Sendable {
  private let time = Mutex<Int64>(1_800_000_000_000)

  var now: Int64 { time.withLock { $0 } }
  func pass(_ milliseconds: Int64) { time.withLock { $0 += milliseconds } }
}

extension PasswordHasher {
  /// Runs `body` while one of the threads is at work.
  func whileBusy(_ body: () async throws -> Void) async throws {
    let (started, starter) = AsyncStream<Void>.makeStream()
    let ended = DispatchSemaphore(value: 0)
    let work = Task {
      try await run {
        starter.finish()
        ended.wait()
      }
    }
    for await _ in started {}
    defer { ended.signal() }
    try await body()
    ended.signal()
    try await work.value
  }
}
