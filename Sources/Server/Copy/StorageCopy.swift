import SyncCore

/// Copies everything of an installation from one storage to another, user by user, and compares it there.
///
/// The accounts come last; until they are there the target bears a mark with which no server opens it. What an attempt
/// that was cut off has left is compared and kept where it is equal, so a copy can be taken up at any time (DESIGN,
/// "Moving to another engine"). A copy that is complete is only compared. The source is only read.
struct StorageCopy: Sendable {
  let source: Storage
  let target: Storage
  let sourceBlobs: any BlobStore
  /// Where the bytes shall be; what the target may find elsewhere does not count.
  let targetBlobs: any BlobStore
  let mark: CopyMark
  /// The path of a new file, which goes with the process.
  let newFile: @Sendable () -> String

  /// What was copied, or was there already, and has been compared.
  struct Tally: Sendable, Equatable {
    var users = 0
    var rows = 0
    var blobs = 0
    var bytes: Int64 = 0

    static func += (a: inout Tally, b: Tally) {
      a.users += b.users
      a.rows += b.rows
      a.blobs += b.blobs
      a.bytes += b.bytes
    }
  }

  /// - Parameter tell: is told of each user who is complete.
  /// - Throws: `conflict` where the target is not empty, or the source changes meanwhile; `corrupt` where anything
  ///   differs. The target is then not usable, and the copy can be run again.
  func run(_ tell: (Account, Tally) -> Void) async throws -> Tally {
    let (accounts, digests) = try await readAccounts()
    let isComplete = try await isComplete(digests)
    if !isComplete { try await begin() }
    let plan = try await plan(accounts)
    if !isComplete { try await removeAll(but: plan) }
    var total = Tally(rows: digests.rows)
    for (account, schemas) in plan {
      let tally = try await named(account) {
        var tally = Tally(users: 1)
        for schema in schemas { tally.rows += try await isComplete ? compare(schema) : copy(schema) }
        tally += try await copyBlobs(of: account.id)
        return tally
      }
      tell(account, tally)
      total += tally
    }
    if !isComplete {
      try await requireUnchanged(plan)
      try await finish(digests)
    }
    return total
  }

  // MARK: Beginning

  private func readAccounts() async throws -> ([Account], [TableDigest]) {
    do {
      return try await source.main.read(.accounts) { rows in
        guard try rows.copyMark() == nil else {
          throw StorageError(.conflict, "the source is itself a copy that is not complete")
        }
        var accounts: [Account] = []
        try rows.scan(Account.self) { accounts.append($0) }
        guard !accounts.isEmpty else { throw StorageError(.notFound, "there are no users at the source") }
        return (accounts, try rows.copied(.accounts))
      }
    } catch let error as StorageError where error.code == .notFound {
      throw StorageError(.notFound, "there are no users at the source")
    }
  }

  /// Whether the target has the same accounts, and no mark: then it is a copy that is complete, and is only compared.
  private func isComplete(_ digests: [TableDigest]) async throws -> Bool {
    guard try await target.main.schemas().contains(.accounts) else { return false }
    return try await target.main.read(.accounts) { try $0.copied(.accounts) == digests }
  }

  /// Puts the mark into a target that is empty.
  private func begin() async throws {
    if try await isBegun() { return }
    guard try await target.users.schemas().allSatisfy({ $0 == .accounts }) else { throw Self.notEmpty }
    try await target.main.create(.accounts)
    try await target.main.write(.accounts, .acknowledged) { [mark] in try $0.upsert([AccountName(mark.name, 0)]) }
  }

  /// Whether the target has the mark of this copy.
  private func isBegun() async throws -> Bool {
    guard try await target.main.schemas().contains(.accounts) else { return false }
    return try await target.main.read(.accounts) { [mark] rows in
      if let found = try rows.copyMark() {
        guard found == mark.name else {
          throw StorageError(.conflict, "the target holds a copy from another source that is not complete")
        }
        return true
      }
      for type in Schema.Kind.accounts.rows where try rows.count(type) > 0 { throw Self.notEmpty }
      return false
    }
  }

  private static let notEmpty = StorageError(
    .conflict, "the target is not empty: users are copied into an empty database only")

  /// The schemas of each user, the user's own one first.
  private func plan(_ accounts: [Account]) async throws -> [(Account, [Schema])] {
    let known = Dictionary(grouping: try await source.users.schemas()) { $0.user }
    return try accounts.filter { $0.state != .deleting }.map { account in
      let schemas = known[account.id, default: []].sorted { $0.generation < $1.generation }
      guard schemas.first == .user(account.id) else {
        throw StorageError(.corrupt, "\(account.name): the user's schema is gone at the source")
      }
      return (account, schemas)
    }
  }

  /// Removes what an earlier attempt has copied and the source has no more.
  private func removeAll(but plan: [(Account, [Schema])]) async throws {
    let wanted = Set(plan.flatMap(\.1))
    for schema in try await target.users.schemas() where schema.user != nil && !wanted.contains(schema) {
      try await target.users.drop(schema)
    }
  }

  // MARK: Rows

  /// - Returns: how many rows there are.
  private func copy(_ schema: Schema) async throws -> Int {
    if try await isThere(schema) {
      async let mine = digests(source, schema)
      let other = try await digests(target, schema)
      if try await mine == other { return other.rows }
      try await target.users.drop(schema)
    }
    let sent = try await RowPipe.run { [source] pipe in
      try await source.users.read(schema) { try $0.copied(schema.kind, into: pipe) }
    } to: { pipe in
      try await target.users.load(schema) { try pipe.drain(into: $0) }
    }
    try sent.requireEqual(try await digests(target, schema), in: schema)
    return sent.rows
  }

  private func compare(_ schema: Schema) async throws -> Int {
    async let mine = digests(source, schema)
    let other = try await digests(target, schema)
    try await mine.requireEqual(other, in: schema)
    return other.rows
  }

  private func isThere(_ schema: Schema) async throws -> Bool {
    do {
      try await target.users.read(schema) { _ in }
      return true
    } catch let error as StorageError where error.code == .notFound {
      return false
    }
  }

  private func digests(_ storage: Storage, _ schema: Schema) async throws -> [TableDigest] {
    try await storage.users.read(schema) { try $0.copied(schema.kind) }
  }

  // MARK: Ending

  private func requireUnchanged(_ plan: [(Account, [Schema])]) async throws {
    for (account, schemas) in plan {
      try await named(account) { for schema in schemas { try await requireUnchanged(schema) } }
    }
  }

  /// Whoever has synced meanwhile has changed one of these rows.
  private func requireUnchanged(_ schema: Schema) async throws {
    do {
      guard try await stamp(source, schema) == stamp(target, schema) else { throw Self.changed }
    } catch let error as StorageError where error.code == .notFound {
      throw Self.changed
    }
  }

  private func stamp(_ storage: Storage, _ schema: Schema) async throws -> [UInt8] {
    try await storage.users.read(schema) { rows in
      try schema.generation == 0 ? RowBytes.encode(rows.user()) : RowBytes.encode(rows.col())
    }
  }

  private static let changed = StorageError(
    .conflict, "the source has changed while it was copied: stop what uses it, and copy again")

  /// Copies the accounts beside the mark, and takes the mark away where they are all there.
  private func finish(_ begun: [TableDigest]) async throws {
    let sent = try await RowPipe.run { [source] pipe in
      try await source.main.read(.accounts) { try $0.copied(.accounts, into: pipe) }
    } to: { pipe in
      try await target.main.write(.accounts, .acknowledged) { [mark] rows in
        for type in Schema.Kind.accounts.rows { try rows.clear(type) }
        try pipe.drain(into: StoringLoader(rows))
        try rows.upsert([AccountName(mark.name, 0)])
      }
    }
    guard sent == begun else { throw Self.changed }
    try await target.main.write(.accounts, .acknowledged) { [mark] rows in
      try rows.delete(AccountName.self, [mark.name])
      try sent.requireEqual(try rows.copied(.accounts), in: .accounts)
    }
  }

  /// Runs `body`; what goes wrong with the storage says whose it is.
  private func named<T>(_ account: Account, _ body: () async throws -> T) async throws -> T {
    do { return try await body() } catch let error as StorageError {
      throw StorageError(error.code, "\(account.name): \(error.message)")
    }
  }
}

extension Schema {
  /// Whose it is; nil for the accounts.
  fileprivate var user: Int64? {
    switch self {
    case .accounts: nil
    case .user(let id), .collection(let id, _): id
    }
  }

  /// 0 where it is not a collection.
  fileprivate var generation: Int64 {
    if case .collection(_, let generation) = self { generation } else { 0 }
  }
}
