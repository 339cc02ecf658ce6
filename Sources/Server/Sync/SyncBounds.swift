import SyncCore

/// The limits of the collection sync (DESIGN, "Bounds"); the configuration fills them.
struct SyncBounds: Sendable {
  /// Bytes of a decompressed body without rows in it, such as a login.
  static let small = 64 << 10
  /// Bytes of a media zip (sync-protocol.md 9).
  static let mediaZip = 110 << 20
  /// Bytes of a decompressed body with rows in it.
  var json: Int
  /// Bytes of a decompressed collection, and how much of the free disk it may take.
  var upload: Int
  var diskPercent: Int
  /// Milliseconds after which a session that nobody calls is dead.
  var session: Int64
  /// Whole collections that are taken in or written at once, and how many wait for how long.
  let loads: Turns<Bool>
  /// Outcomes of refused syncs that are kept per user.
  static let outcomesKept = 50

  func limit(_ method: SyncMethod) -> Int {
    switch method {
    case .upload: upload
    case .uploadChanges: Self.mediaZip
    case .start, .applyGraves, .applyChanges, .applyChunk: json
    default: Self.small
    }
  }

  /// What the client shows for an upload beyond the limit.
  var tooLarge: String {
    "Your collection is larger than this server takes: the limit is \(upload >> 20) MB (DJANKISERV_MAX_UPLOAD_MB)."
  }
}
