/// What an upload does to the index: pure, and so the same whenever it is asked (sync-protocol.md 7.4).
public struct MediaPlan: Sendable {
  /// The counters afterwards.
  public private(set) var user: User
  /// Entries that change, by name; of a name that is given twice the last.
  private var changed: [Text: MediaEntry] = [:]
  private var entries: [Text: MediaEntry]
  /// Contents that the changes bring.
  public private(set) var contents: Set<MediaContent> = []
  private let now: Int64

  /// - Parameters:
  ///   - entries: those of the names of the changes.
  ///   - now: seconds since 1970.
  init(_ changes: [MediaChange], _ user: User, _ entries: [MediaEntry], now: Int64) {
    (self.user, self.now) = (user, now)
    self.entries = Dictionary(entries.map { ($0.name, $0) }) { $1 }
    for change in changes { apply(change) }
  }

  var rows: [MediaEntry] { changed.values.sorted { $0.usn < $1.usn } }

  /// The names that changes ask for.
  static func names(_ changes: [MediaChange]) -> [Text] { changes.compactMap(name) }

  /// The entry that a change is about; nil where it is about none.
  private static func name(_ change: MediaChange) -> Text? {
    guard change.file == nil else { return MediaName.stored(change.name) }
    return MediaName.canBeStored(change.name) ? Text(change.name) : nil
  }

  private mutating func apply(_ change: MediaChange) {
    guard let name = Self.name(change) else { return }
    let old = entries[name]?.file
    if let file = change.file { contents.insert(file) }
    guard old?.digest != change.file?.digest else { return }
    user.mediaUSN += 1
    user.count(change.file, insteadOf: old)
    let entry = MediaEntry(name, change.file, usn: user.mediaUSN, mtime: now)
    entries[name] = entry
    changed[name] = entry
  }
}

extension User {
  /// Moves the counters of media for an entry that changes.
  mutating func count(_ file: MediaContent?, insteadOf old: MediaContent?) {
    mediaCount += (file == nil ? 0 : 1) - (old == nil ? 0 : 1)
    mediaBytes += (file?.size ?? 0) - (old?.size ?? 0)
  }
}
