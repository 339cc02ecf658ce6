/// Ids of deleted objects, as they travel in `start` and `applyGraves` (sync-protocol.md 6.3, 6.4).
public struct Graves: Sendable, Equatable {
  public var cards: [Int64] = []
  public var decks: [Int64] = []
  public var notes: [Int64] = []

  public init(cards: [Int64] = [], decks: [Int64] = [], notes: [Int64] = []) {
    (self.cards, self.decks, self.notes) = (cards, decks, notes)
  }
  public var isEmpty: Bool { cards.isEmpty && decks.isEmpty && notes.isEmpty }
}

/// The body of `start` (sync-protocol.md 6.3).
public struct StartRequest: Sendable, Equatable {
  public var minUSN: Int64
  public var clientIsNewer: Bool
  /// Only old AnkiDroid clients send their deletions here.
  public var graves: Graves

  public init(minUSN: Int64, clientIsNewer: Bool, graves: Graves = Graves()) {
    (self.minUSN, self.clientIsNewer, self.graves) = (minUSN, clientIsNewer, graves)
  }
}

/// A notetype with everything that belongs to it.
public struct NotetypeBundle: Sendable, Equatable {
  public var notetype: Notetype
  /// In order of position.
  public var fields: [Field]
  public var templates: [Template]

  public init(_ notetype: Notetype, fields: [Field], templates: [Template]) {
    (self.notetype, self.fields, self.templates) = (notetype, fields, templates)
  }
}

/// What `applyChanges` carries in either direction (sync-protocol.md 6.5).
public struct Changes: Sendable, Equatable {
  public var notetypes: [NotetypeBundle] = []
  public var decks: [Deck] = []
  public var deckConfigs: [DeckConfig] = []
  public var tags: [Text] = []
  /// The whole configuration; nil from the side that is not the newer one.
  public var config: [ConfigEntry]?
  public var crt: Int64?

  public init() {}
}

/// What `chunk` and `applyChunk` carry (sync-protocol.md 6.6, 6.7).
public struct Chunk: Sendable, Equatable {
  public var done = false
  public var reviews: [Review] = []
  public var cards: [Card] = []
  public var notes: [Note] = []

  public init() {}
  public var count: Int { reviews.count + cards.count + notes.count }
}

/// The counts that `sanityCheck2` compares (sync-protocol.md 6.8).
public struct SanityCounts: Sendable, Equatable {
  public var cards: Int64 = 0
  public var notes: Int64 = 0
  public var reviews: Int64 = 0
  public var notetypes: Int64 = 0
  public var decks: Int64 = 0
  public var deckConfigs: Int64 = 0

  public init() {}
}
