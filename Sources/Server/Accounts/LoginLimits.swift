import SyncCore

/// How many failed logins are too many within a window that begins with the first one (sync-protocol.md 3).
struct LoginLimits: Sendable, Equatable {
  var perAccountAndAddress: Int64 = 10
  var perAccount: Int64 = 100
  var perAddress: Int64 = 1000
  /// In milliseconds.
  var window: Int64 = 3_600_000
}

/// The counters that one attempt falls under. They are rows of `accounts`, so they outlive a restart and hold for all
/// processes together. Names that nobody has are counted like others.
struct LoginCounters: Sendable {
  private let limits: [(subject: Text, most: Int64)]
  private let window: Int64

  init(user: String, address: String, _ limits: LoginLimits) {
    window = limits.window
    self.limits = [
      (Text(sha256Hex("both\0\(user)\0\(address)")), limits.perAccountAndAddress),
      (Text(sha256Hex("account\0\(user)")), limits.perAccount),
      (Text(sha256Hex("address\0\(address)")), limits.perAddress),
    ]
  }

  /// Whether no further attempt is allowed.
  func areFull(_ rows: any RowReader, at now: Int64) throws -> Bool {
    let counts = try live(rows, at: now)
    return limits.contains { (counts[$0.subject]?.count ?? 0) >= $0.most }
  }

  /// Counts one failure, and forgets some old ones.
  func addFailure(_ rows: any RowStore, at now: Int64) throws {
    try forgetSome(rows, at: now)
    let counts = try live(rows, at: now)
    try rows.upsert(
      limits.map { limit in
        var row = counts[limit.subject] ?? LoginFailures(subject: limit.subject, expires: now &+ window)
        row.count &+= 1
        return row
      })
  }

  private func live(_ rows: any RowReader, at now: Int64) throws -> [Text: LoginFailures] {
    let found = try rows.fetch(LoginFailures.self, .keys(limits.map(\.subject))).filter { isLive($0, at: now) }
    return Dictionary(found.map { ($0.subject, $0) }) { first, _ in first }
  }

  /// A window that ends later than one that begins now was made while the clock was ahead.
  private func isLive(_ row: LoginFailures, at now: Int64) -> Bool {
    row.expires > now && row.expires <= now &+ window
  }

  /// Deletes what has expired among the next rows. Subjects are digests, so each failure looks at a random place: the
  /// table stays about as large as what is alive in it.
  private func forgetSome(_ rows: any RowStore, at now: Int64) throws {
    guard let place = limits.first?.subject else { return }
    let near = try rows.fetch(LoginFailures.self, .page(after: place, limit: 16))
    let dead = near.filter { !isLive($0, at: now) }.map(\.subject)
    if !dead.isEmpty { try rows.delete(LoginFailures.self, dead) }
  }
}

extension LoginFailures {
  fileprivate init(subject: Text, expires: Int64) {
    self.init()
    (self.subject, self.expires) = (subject, expires)
  }
}
