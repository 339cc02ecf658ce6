import SyncCore

/// What `hostKey` brings (sync-protocol.md 6.1).
struct LoginAttempt: Sendable {
  var user: String
  var password: String
  /// Of the peer, for the limits.
  var address: String
  /// The client's version, as it gave it.
  var client: String
}

extension Accounts {
  /// A new host key: 256 random bits as hex digits, one for each login and so for each device.
  ///
  /// An unknown user, a wrong password and an account that is disabled or being deleted get the same answer after the
  /// same work. Failures that others made while this password was hashed count too, so no burst gets past the limits.
  /// - Throws: `forbidden`, `tooManyLogins`, `unavailable`.
  func login(_ attempt: LoginAttempt) async throws -> String {
    let name = try? UserName(attempt.user)
    let counters = LoginCounters(user: name?.description ?? attempt.user, address: attempt.address, limits)
    // Twice where another login replaced the same old hash, or the password was changed, while this one was verified.
    for _ in 0..<3 {
      let account = try await account(named: name, unless: counters)
      let verdict = try await verify(attempt.password, account)
      guard let account, verdict.isRight else { throw try await refusal(counters) }
      if let key = try await accept(account, verdict, client: attempt.client, counters) { return key }
    }
    throw SyncError(.unavailable, "the account was changed during the login; try again")
  }

  /// Whom the key belongs to; nil where there is no such key, or its account may not sync.
  func account(forHostKey key: String) async throws -> KeyHolder? {
    let digest = sha256Hex(key)
    let (since, revocations) = (now(), keys.revocations)
    if let holder = keys.holder(of: digest, at: since) { return holder }
    let holder = try await store.read(.accounts) { rows -> KeyHolder? in
      guard let row = try rows.first(HostKey.self, Text(digest)),
        let account = try rows.first(Account.self, row.account), account.state == .active
      else { return nil }
      return KeyHolder(id: account.id, name: account.name.string, client: row.client.string)
    }
    if let holder { keys.remember(digest, holder, since: since, revocations: revocations) }
    return holder
  }

  /// Keeps the version of the client that uses a key. Clients before sync version 11 tell it with `meta` and not with
  /// the steps that depend on it (sync-protocol.md 2.4, H-9).
  func keep(client: String, ofHostKey key: String) async throws {
    let shown = shownClient(client)
    guard try await account(forHostKey: key)?.client != shown.string else { return }
    let digest = Text(sha256Hex(key))
    try await store.write(.accounts, .relaxed) { rows in
      guard var row = try rows.first(HostKey.self, digest) else { return }
      row.client = shown
      try rows.upsert([row])
    }
    keys.forget(digest.string)
  }
}

/// Whether a password was the right one, and today's hash of it where the stored one is of an older kind.
private struct Verdict: Sendable {
  var isRight: Bool
  var upgraded: Text?
}

private let tooManyLogins = SyncError(.tooManyLogins, "too many failed logins; try again in an hour")
/// Keys of one account; beyond, the oldest are revoked.
private let keysPerAccount = 1000
/// In Unicode scalars.
private let longestClient = 255

extension Accounts {
  private func account(named name: UserName?, unless counters: LoginCounters) async throws -> Account? {
    let now = now()
    return try await store.read(.accounts) { rows in
      guard try !counters.areFull(rows, at: now) else { throw tooManyLogins }
      return try name.flatMap { try rows.account(named: $0) }
    }
  }

  private func verify(_ typed: String, _ account: Account?) async throws -> Verdict {
    let salt = random(16)
    return try await hasher.run {
      let password = try? Password(typed)
      let stored = account.flatMap { $0.state == .active && password != nil ? PasswordHash($0.password.string) : nil }
      let hash = stored ?? .dummy
      let matches = try hash.matches(password ?? .none, user: account?.name.string ?? "")
      guard matches, stored != nil, let password else { return Verdict(isRight: false) }
      guard hash.needsUpgrade else { return Verdict(isRight: true) }
      return Verdict(isRight: true, upgraded: Text(try Argon2id(of: password, salt: salt).phc))
    }
  }

  /// Counts the failure and says how to answer it.
  private func refusal(_ counters: LoginCounters) async throws -> SyncError {
    let now = now()
    return try await store.write(.accounts, .relaxed) { rows in
      guard try !counters.areFull(rows, at: now) else { return tooManyLogins }
      try counters.addFailure(rows, at: now)
      return SyncError(.forbidden, "wrong user or password")
    }
  }

  /// Stores a new key.
  /// - Returns: nil where the account is no longer what was verified.
  private func accept(
    _ account: Account, _ verdict: Verdict, client: String, _ counters: LoginCounters
  ) async throws -> String? {
    let key = random(32).hex
    let now = now()
    var row = HostKey()
    (row.digest, row.account, row.created) = (Text(sha256Hex(key)), account.id, now)
    row.client = shownClient(client)
    return try await store.write(.accounts, .acknowledged) { [row] rows in
      guard try !counters.areFull(rows, at: now) else { throw tooManyLogins }
      guard var current = try rows.first(Account.self, account.id), current == account else { return nil }
      if let upgraded = verdict.upgraded {
        current.password = upgraded
        try rows.upsert([current])
      }
      try rows.makeRoom(forKeyOf: account.id)
      try rows.upsert([row])
      return key
    }
  }
}

/// A client's name as it may stand in a list.
private func shownClient(_ client: String) -> Text {
  let scalars = client.unicodeScalars.lazy.filter { !$0.breaksLines }.prefix(longestClient)
  return Text(String(String.UnicodeScalarView(scalars)))
}

extension RowStore {
  fileprivate func makeRoom(forKeyOf account: Int64) throws {
    let keys = try fetch(HostKey.self, .owned(by: account))
    let old = keys.sorted { $0.created < $1.created }.dropLast(keysPerAccount - 1).map(\.key)
    if !old.isEmpty { try delete(HostKey.self, old) }
  }
}
