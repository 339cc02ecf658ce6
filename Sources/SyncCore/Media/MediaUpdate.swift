/// The changes of a media sync, each in one transaction.
public struct MediaUpdate {
  private let rows: any RowStore

  public init(_ rows: any RowStore) { self.rows = rows }

  /// Takes in the changes of one upload, as a whole. Their bytes must be in the store already.
  /// - Parameter missing: asks the ``BlobStore`` which bytes are not there.
  /// - Returns: nil where the bytes of some are not there: they have to be put once more.
  public func apply(
    _ changes: [MediaChange], _ quota: MediaQuota, now: Int64,
    missing: (Set<MediaContent>, any RowReader) throws -> Set<MediaContent>
  ) throws -> MediaOutcome? {
    let plan = try MediaSync(rows).plan(changes, quota, now: now)
    // A collector in another process may have been faster than us; from here on it waits (DESIGN, "Media").
    guard try missing(plan.contents, rows).isEmpty else { return nil }
    let changed = plan.rows
    if !changed.isEmpty {
      try rows.upsert([plan.user])
      try rows.upsert(changed)
    }
    return MediaOutcome(processed: Int64(changes.count), usn: plan.user.mediaUSN)
  }

  /// Forgets entries whose bytes are lost, as if there had never been such files: what a device still has it can then
  /// upload (sync-protocol.md 7.3, H-14). Entries that have changed meanwhile stay.
  public func forget(_ lost: [MediaEntry]) throws {
    var user = try rows.user()
    let lostContents = Set(lost.map { Forgotten(name: $0.name, sha1: $0.sha1) })
    let entries = try rows.fetch(MediaEntry.self, .keys(lost.map(\.name)))
      .filter { lostContents.contains(Forgotten(name: $0.name, sha1: $0.sha1)) }
    for entry in entries { user.count(nil, insteadOf: entry.file) }
    try rows.delete(MediaEntry.self, entries.map(\.name))
    try rows.upsert([user])
  }

  private struct Forgotten: Hashable {
    let name: Text
    let sha1: [UInt8]
  }

  /// Counts the media anew.
  /// - Returns: whether the counters had come to disagree.
  public func recount() throws -> Bool {
    let media = MediaSync(rows)
    let (old, counted) = (try rows.user(), try media.recounted())
    guard counted != old else { return false }
    try rows.upsert([counted])
    return true
  }
}
