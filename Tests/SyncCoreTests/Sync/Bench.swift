import InMemoryBackend
import SyncCore

/// A collection in memory, and a device that calls the steps of a sync on it.
struct Bench: Sendable {
  static let schema = Schema.collection(user: 1, generation: 1)
  let backend: any Backend

  /// A collection with one deck, one options group, and one notetype of two fields and one template.
  init(usn: Int64 = 5, _ change: @escaping @Sendable (inout Col, any RowLoader) throws -> Void = { _, _ in })
    async throws
  {
    backend = try await BackendFactory.memory.open(StorageSettings(folder: ""))
    try await backend.load(Self.schema) { loader in
      var col = Col()
      (col.crt, col.mod, col.scm, col.usn) = (1_700_000_000, 1000, 900, usn)
      try loader.append([Bench.deck(1, "Default")])
      var options = DeckConfig()
      options.id = 1
      try loader.append([options])
      let notetype = Bench.notetype(10, "Basic")
      try loader.append([notetype.notetype])
      try loader.append(notetype.fields)
      try loader.append(notetype.templates)
      for kind in [ObjectKind.deck, .deckConfig, .notetype] { col.counts[kind] = 1 }
      try change(&col, loader)
      try loader.append([col])
    }
  }

  /// Calls a step as device `s`.
  func call<T: Sendable>(
    _ s: String = "s1", key: String = "key1", client: String = "anki,26.09.3 (x),linux", now: Int64 = 2_000_000_000_000,
    _ body: @escaping @Sendable (SyncCall) throws -> T
  ) async throws -> T {
    let caller = Caller(session: s, hostKey: key, client: client, now: now)
    return try await backend.write(Self.schema, .relaxed) { try body(SyncCall($0, caller)) }
  }

  @discardableResult
  func start(_ s: String = "s1", minUSN: Int64 = 5, newer: Bool = false, graves: Graves = Graves()) async throws
    -> Graves
  {
    let started = try await call(s) {
      try $0.start(StartRequest(minUSN: minUSN, clientIsNewer: newer, graves: graves))
    }
    guard case .graves(let graves) = started else { throw SyncError(.invalid, "the client is ahead") }
    return graves
  }

  func apply(_ s: String = "s1", cards: [Card] = [], notes: [Note] = [], reviews: [Review] = []) async throws {
    var chunk = Chunk()
    (chunk.cards, chunk.notes, chunk.reviews) = (cards, notes, reviews)
    try await call(s) { [chunk] call in try call.applyChunk { merge in try merge(chunk) } }
  }

  /// A sanity check with the counts that the session has, then `finish`.
  @discardableResult
  func finish(_ s: String = "s1", now: Int64 = 2_000_000_000_000) async throws -> Int64 {
    let counts = try await sessionCounts()
    let sanity = try await call(s, now: now) { try $0.sanityCheck(counts) }
    guard sanity.isOK else { throw SyncError(.invalid, "not sane") }
    return try await call(s, now: now) { try $0.finish() }.mod
  }

  func sessionCounts() async throws -> SanityCounts {
    try await backend.read(Self.schema) { rows in
      var counts = SanityCounts()
      guard let col = try rows.first(Col.self, 1) else { return counts }
      let deltas = try rows.first(Session.self, 1)?.deltas ?? Counts()
      func sum(_ kind: ObjectKind) -> Int64 { col.counts[kind] + deltas[kind] }
      (counts.cards, counts.notes, counts.reviews) = (sum(.card), sum(.note), sum(.review))
      (counts.notetypes, counts.decks, counts.deckConfigs) = (sum(.notetype), sum(.deck), sum(.deckConfig))
      return counts
    }
  }

  func rows<R: Row>(_ type: R.Type) async throws -> [R] {
    try await backend.read(Self.schema) { try $0.fetch(R.self, .all) }
  }

  func col() async throws -> Col { try await rows(Col.self)[0] }

  /// Everything that `finish` alone may change.
  func base() async throws -> Base {
    try await backend.read(Self.schema) { rows in
      var col = try rows.first(Col.self, 1) ?? Col()
      col.session = 0
      return Base(
        col: col, notes: try rows.fetch(Note.self, .all), cards: try rows.fetch(Card.self, .all),
        reviews: try rows.fetch(Review.self, .all), decks: try rows.fetch(Deck.self, .all),
        graves: try rows.fetch(Grave.self, .all), tags: try rows.fetch(Tag.self, .all))
    }
  }

  struct Base: Equatable, Sendable {
    let col: Col
    let notes: [Note]
    let cards: [Card]
    let reviews: [Review]
    let decks: [Deck]
    let graves: [Grave]
    let tags: [Tag]
  }

  // MARK: Rows

  static func note(_ id: Int64, mod: Int64 = 100, usn: Int64 = -1, _ flds: Text = "front\u{1f}back") -> Note {
    var note = Note()
    (note.id, note.mid, note.mod, note.usn, note.flds, note.guid) = (id, 10, mod, usn, flds, Text("g\(id)"))
    return note
  }

  static func card(_ id: Int64, mod: Int64 = 100, usn: Int64 = -1, flags: Int64 = 0, queue: Int64 = 0) -> Card {
    var card = Card()
    (card.id, card.nid, card.did, card.mod, card.usn) = (id, id, 1, mod, usn)
    (card.flags, card.queue) = (flags, queue)
    return card
  }

  static func review(_ id: Int64, ease: Int64 = 3, usn: Int64 = -1) -> Review {
    var review = Review()
    (review.id, review.cid, review.ease, review.usn) = (id, 1, ease, usn)
    return review
  }

  static func deck(_ id: Int64, _ name: Text, mtime: Int64 = 0, usn: Int64 = 0) -> Deck {
    var deck = Deck()
    (deck.id, deck.name, deck.mtime, deck.usn) = (id, name, mtime, usn)
    return deck
  }

  static func notetype(_ id: Int64, _ name: Text, mtime: Int64 = 0, fields: Int = 2) -> NotetypeBundle {
    var notetype = Notetype()
    (notetype.id, notetype.name, notetype.mtime) = (id, name, mtime)
    let fields = (0..<fields).map { ord in
      var field = Field()
      (field.ntid, field.ord, field.name) = (id, Int64(ord), Text("field \(ord)"))
      return field
    }
    var template = Template()
    (template.ntid, template.name) = (id, "Card 1")
    return NotetypeBundle(notetype, fields: fields, templates: [template])
  }
}
