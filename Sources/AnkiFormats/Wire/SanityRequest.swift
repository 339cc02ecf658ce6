public import SyncCore

/// What the client says in `sanityCheck2` (sync-protocol.md 6.8).
public struct SanityRequest: Sendable, Equatable {
  /// Its counts; nil where its own check has failed and it sent a text instead.
  public let counts: SanityCounts?
  /// What goes back as `c`.
  let echo: JSONValue

  /// - Returns: nil where the value is neither a text nor a list of counts.
  init?(client value: JSONValue) {
    if value.string != nil {
      (counts, echo) = (nil, .null)
      return
    }
    // The due counts and the graves are not compared (sync-protocol.md 13, trap 7).
    guard let list = value.array, list.count == 8 else { return nil }
    let numbers = [1, 2, 3, 5, 6, 7].compactMap { list[$0].int }
    guard numbers.count == 6 else { return nil }
    var counts = SanityCounts()
    (counts.cards, counts.notes, counts.reviews) = (numbers[0], numbers[1], numbers[2])
    (counts.notetypes, counts.decks, counts.deckConfigs) = (numbers[3], numbers[4], numbers[5])
    (self.counts, echo) = (counts, value)
  }

  /// One line for the log.
  public var summary: String { counts.map { "client \($0.summary)" } ?? "the client's own check failed" }
}

extension SanityCounts {
  /// One line for the log.
  public var summary: String {
    "cards \(cards), notes \(notes), reviews \(reviews), notetypes \(notetypes), decks \(decks), "
      + "deck options \(deckConfigs)"
  }
}
