import SyncCore

/// The users of the server: who they are, their passwords, and the keys of their devices.
struct Accounts: Sendable {
  /// Holds `.accounts`.
  let store: any Backend
  /// Holds the users' schemas; may be another engine.
  let users: any Backend
  let hasher: PasswordHasher
  var limits = LoginLimits()
  /// Milliseconds since 1970.
  let now: @Sendable () -> Int64
  /// That many bytes that nobody can guess.
  let random: @Sendable (Int) -> [UInt8]
  let keys = KeyCache()

  /// Adds a user.
  ///
  /// The number is taken first, then the user's schema is made, and only then does the account exist: a crash in
  /// between leaves a number that is never given again and perhaps a schema that nobody asks for, but never an account
  /// without its schema.
  /// - Throws: `nameTaken`, `invalid`.
  @discardableResult
  func add(_ typed: String, password typedPassword: String) async throws -> Int64 {
    let name = try UserName(typed)
    let password = try Password(typedPassword)
    try await requireFree(name)
    var account = Account()
    account.name = name.text
    account.password = try await hash(password)
    account.created = now()
    account.id = try await takeNumber(for: name)
    try await makeUser(account)
    do {
      try await insert(account, as: name)
    } catch let error as AccountError {
      try await users.drop(.user(account.id))
      throw error
    }
    return account.id
  }

  /// Every account, by number, whatever its state.
  func list() async throws -> [Account] {
    try await store.read(.accounts) { rows in
      var all: [Account] = []
      try rows.scan(Account.self) { all.append($0) }
      return all
    }
  }

  /// - Throws: `unknownUser`, `invalid`.
  func find(_ typed: String) async throws -> Account {
    let name = try UserName(typed)
    return try await store.read(.accounts) { try $0.existing(name) }
  }

  /// - Throws: `nameTaken`.
  func requireFree(_ name: UserName) async throws {
    try await store.read(.accounts) { try $0.requireFree(name) }
  }

  /// Replaces the password and revokes the keys of all devices.
  /// - Throws: `unknownUser`, `invalid`.
  func changePassword(_ typed: String, to typedPassword: String) async throws {
    let name = try UserName(typed)
    let hash = try await hash(try Password(typedPassword))
    defer { keys.forgetAll() }
    try await store.write(.accounts, .acknowledged) { rows in
      var account = try rows.existing(name)
      account.password = hash
      try rows.upsert([account])
      try rows.revokeKeys(of: account.id)
    }
  }

  /// Makes the schema of a user who has an account and none of it: the users' engine is memory, and this process is a
  /// new one.
  /// - Throws: `forbidden` where the account is gone.
  func revive(_ id: Int64) async throws {
    let account = try await store.read(.accounts) { try $0.first(Account.self, id) }
    guard let account, account.state == .active else { throw SyncError(.forbidden, "the account is gone") }
    try await makeUser(account)
  }
}

extension Accounts {
  func hash(_ password: Password) async throws -> Text {
    let salt = random(16)
    return try await hasher.run { Text(try Argon2id(of: password, salt: salt).phc) }
  }

  private func takeNumber(for name: UserName) async throws -> Int64 {
    try await store.write(.accounts, .acknowledged) { rows in
      try rows.requireFree(name)
      let highest = try rows.first(AccountName.self, Text())?.account ?? 0
      try rows.upsert([AccountName(Text(), highest &+ 1)])
      return highest &+ 1
    }
  }

  private func insert(_ account: Account, as name: UserName) async throws {
    try await store.write(.accounts, .acknowledged) { rows in
      try rows.requireFree(name)
      try rows.upsert([account])
      try rows.upsert([AccountName(name.text, account.id)])
    }
  }

  private func makeUser(_ account: Account) async throws {
    try await users.create(.user(account.id))
    try await users.write(.user(account.id), .acknowledged) { rows in
      var user = User()
      guard try rows.first(User.self, user.key) == nil else { return }
      user.created = account.created
      try rows.upsert([user])
    }
  }
}

extension RowReader {
  /// The account of that name. Asks for a row of each table in any case, so that an unknown name takes as long.
  func account(named name: UserName) throws -> Account? {
    let id = try first(AccountName.self, name.text)?.account ?? 0
    return try first(Account.self, id)
  }

  func existing(_ name: UserName) throws -> Account {
    guard let account = try account(named: name) else { throw AccountError.unknown(name) }
    return account
  }

  func requireFree(_ name: UserName) throws {
    guard try first(AccountName.self, name.text) == nil else { throw AccountError.nameTaken(name) }
  }
}

extension RowStore {
  func revokeKeys(of account: Int64) throws {
    let revoked = try fetch(HostKey.self, .owned(by: account)).map(\.key)
    if !revoked.isEmpty { try delete(HostKey.self, revoked) }
  }
}
