import SyncCore

/// What a collection uses that clients of old sync versions would damage (sync-protocol.md 6.2).
enum VersionGate {
  case scheduler
  case timezones

  /// What the client shows.
  var message: String {
    switch self {
    case .scheduler:
      "Your collection uses the v2 scheduler, which this version of Anki does not know. Please update Anki."
    case .timezones:
      "Your collection uses the new timezone handling, which this version of Anki does not know. Please update Anki."
    }
  }

  /// The first gate that is closed to clients of a sync version; none for an account without a card, a note and a
  /// review, so that such a client can upload its own collection (H-3).
  static func closed(to version: Int64, _ rows: any RowReader, _ col: Col) throws -> VersionGate? {
    guard col.counts[.card] + col.counts[.note] + col.counts[.review] > 0 else { return nil }
    return try closed(to: version, rows)
  }

  /// The first gate that is closed to clients of a sync version.
  static func closed(to version: Int64, _ rows: any RowReader) throws -> VersionGate? {
    guard version < 10 else { return nil }
    let entries = try rows.fetch(ConfigEntry.self, .keys(["creationOffset", "schedVer"]))
    func number(_ name: Text) -> Int64? { entries.first { $0.name == name }.flatMap { Int64($0.value.string) } }
    if version < 9, number("schedVer") == 2 { return .scheduler }
    return number("creationOffset") == nil ? nil : .timezones
  }

  /// The sync version that a client of the form framing speaks, by the version that it names (sync-protocol.md 11); 10
  /// where that is not sure.
  static func version(ofClient text: String) -> Int64 {
    let parts = text.split(separator: ",", maxSplits: 2)
    let numbers = parts.dropFirst().first?.prefix { $0.isNumber || $0 == "." }.split(separator: ".") ?? []
    guard !numbers.isEmpty else { return 10 }
    func isBefore(_ version: [Int]) -> Bool { numbers.map { Int($0) ?? 0 }.lexicographicallyPrecedes(version) }
    switch parts[0] {
    case "ankidroid": return isBefore([2, 9]) ? 8 : isBefore([2, 15]) ? 9 : 10
    case "ankidesktop": return isBefore([2, 1]) ? 8 : 10
    default: return 10
    }
  }
}
