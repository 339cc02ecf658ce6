/// A user's media in one transaction of a media sync (sync-protocol.md 7). Which bytes there are is the ``BlobStore``'s
/// business.
public struct MediaSync {
  /// Rows of one answer, and bytes after which a download stops (sync-protocol.md 7.2, 7.3).
  static let rowsPerAnswer = 1000
  static let bytesPerDownload: Int64 = 2_621_440
  /// Names in one request, and items in one upload.
  public static let itemsPerRequest = 25

  private let rows: any RowReader

  public init(_ rows: any RowReader) { self.rows = rows }

  /// What changed after `usn`, in the order of the changes; empty when there is no more (sync-protocol.md 7.2).
  public func changes(after usn: Int64) throws -> [MediaEntry] {
    guard usn < .max else { return [] }
    // Each entry has a usn of its own.
    return try rows.fetch(MediaEntry.self, .changed(since: usn + 1, after: nil, limit: Self.rowsPerAnswer))
  }

  /// Whether the client has as many files as there are here (sync-protocol.md 7.5).
  public func isSane(count: Int64) throws -> Bool { try rows.user().mediaCount == count }

  /// The files that a request for these names is answered with: in its order, and at least one
  /// (sync-protocol.md 7.3).
  /// - Throws: `sessionConflict` where one of them is not there.
  public func selection(_ names: [String]) throws -> [MediaEntry] {
    guard names.count <= Self.itemsPerRequest else { throw SyncError(.invalid, "more than 25 files at once") }
    let known = try entries(names.map { Text($0) })
    var chosen: [MediaEntry] = []
    var bytes: Int64 = 0
    for name in names where bytes <= Self.bytesPerDownload {
      guard let entry = known[Text(name)], entry.file != nil else {
        throw SyncError(.sessionConflict, "a file was asked for that is not here")
      }
      chosen.append(entry)
      bytes += entry.size
    }
    return chosen
  }

  /// What these changes would do.
  /// - Parameter now: seconds since 1970.
  /// - Throws: ``MediaQuotaExceeded`` where more would be kept than the quota allows.
  public func plan(_ changes: [MediaChange], _ quota: MediaQuota, now: Int64) throws -> MediaPlan {
    let user = try rows.user()
    let plan = MediaPlan(changes, user, Array(try entries(MediaPlan.names(changes)).values), now: now)
    guard let limit = quota.bytes, plan.user.mediaBytes > limit, plan.user.mediaBytes > user.mediaBytes else {
      return plan
    }
    throw MediaQuotaExceeded(
      message: "Your media files would take \(plan.user.mediaBytes >> 20) MB on this server, which keeps at most "
        + "\(limit >> 20) MB for you. Remove unused files with Tools, Check Media, or ask the owner of the server.")
  }

  /// Whether the counters agree with the rows.
  public func areCountersRight() throws -> Bool { try recounted() == rows.user() }

  func recounted() throws -> User {
    var user = try rows.user()
    (user.mediaCount, user.mediaBytes) = (0, 0)
    try rows.scan(MediaEntry.self) { entry in
      user.count(entry.file, insteadOf: nil)
      user.mediaUSN = max(user.mediaUSN, entry.usn)
    }
    return user
  }

  private func entries(_ names: [Text]) throws -> [Text: MediaEntry] {
    // A name with a NUL is nobody's (derived-values.md 0).
    let names = Array(Set(names.filter { !$0.containsNUL }))
    let found = try rows.fetch(MediaEntry.self, .keys(names))
    return Dictionary(found.map { ($0.name, $0) }) { $1 }
  }
}
