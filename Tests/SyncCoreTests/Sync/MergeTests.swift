import SyncCore
import Testing

@Suite("Merging")
struct MergeTests {
  @Test("B1, B2: every received row carries the server's usn", arguments: [0, 5, -1, 999] as [Int64])
  func receivedUSN(usn: Int64) async throws {
    let bench = try await Bench()
    try await bench.start()
    try await bench.apply(
      cards: [Bench.card(3, usn: usn)], notes: [Bench.note(3, usn: usn)], reviews: [Bench.review(3, usn: usn)])
    var changes = Changes()
    changes.decks = [Bench.deck(2, "Second", usn: usn)]
    _ = try await bench.call { [changes] in try $0.applyChanges(changes) }
    try await bench.finish()
    let after = try await bench.base()
    #expect(after.notes.map(\.usn) == [5] && after.cards.map(\.usn) == [5] && after.reviews.map(\.usn) == [5])
    #expect(after.decks.last?.usn == 5)
    #expect(after.col.highest[.note] == 5 && after.col.highest[.deck] == 5)
  }

  struct Case: Sendable, CustomTestStringConvertible {
    let words: String
    let storedUSN: Int64
    let storedMod: Int64
    let incomingMod: Int64
    let takes: Bool
    var testDescription: String { words }
  }

  @Test(
    "C2, C3, C6: which version of a note wins",
    arguments: [
      Case(words: "the client has seen the stored one", storedUSN: 4, storedMod: 200, incomingMod: 100, takes: true),
      Case(words: "both changed it, the client later", storedUSN: 5, storedMod: 100, incomingMod: 200, takes: true),
      Case(words: "both changed it, the client earlier", storedUSN: 5, storedMod: 200, incomingMod: 100, takes: false),
      Case(words: "both in the same second", storedUSN: 5, storedMod: 100, incomingMod: 100, takes: true),
    ])
  func notes(rule: Case) async throws {
    let bench = try await Bench(usn: 6) { col, loader in
      try loader.append([Bench.note(3, mod: rule.storedMod, usn: rule.storedUSN, "old\u{1f}")])
      col.counts[.note] = 1
    }
    try await bench.start()
    try await bench.apply(notes: [Bench.note(3, mod: rule.incomingMod, "new\u{1f}")])
    try await bench.finish()
    let note = try await bench.base().notes[0]
    #expect(note.flds == (rule.takes ? "new\u{1f}" : "old\u{1f}"))
    #expect(note.usn == (rule.takes ? 6 : rule.storedUSN))
  }

  @Test("C5: a flag, which leaves mod alone, is stored")
  func flags() async throws {
    let bench = try await Bench { col, loader in
      try loader.append([Bench.card(3, mod: 100, usn: 2)])
      col.counts[.card] = 1
    }
    try await bench.start()
    try await bench.apply(cards: [Bench.card(3, mod: 100, flags: 4)])
    try await bench.finish()
    #expect(try await bench.base().cards.map(\.flags) == [4])
  }

  @Test("a row that only differs in its usn is not stored anew")
  func sameContent() async throws {
    let bench = try await Bench(usn: 6) { col, loader in
      try loader.append([Bench.card(3, mod: 100, usn: 5)])
      col.counts[.card] = 1
    }
    try await bench.start()
    try await bench.apply(cards: [Bench.card(3, mod: 100, usn: -1)])
    #expect(try await bench.rows(Staged.self).isEmpty)
  }

  @Test("C7, C9: deletion wins, and is told again after a resurrection")
  func deletion() async throws {
    let bench = try await Bench(usn: 6) { col, loader in
      try loader.append([Bench.note(3, mod: 900, usn: 5)])
      try loader.append([Grave(.note, 4, usn: 1)])
      (col.counts[.note], col.counts[.grave]) = (1, 1)
    }
    try await bench.start(graves: Graves(notes: [3, 4, 4]))
    try await bench.finish()
    let after = try await bench.base()
    #expect(after.notes.isEmpty)
    #expect(after.graves == [Grave(.note, 3, usn: 6), Grave(.note, 4, usn: 6)])
    #expect(after.col.counts[.grave] == 2 && after.col.counts[.note] == 0)
    let told = try await bench.start("s2", minUSN: 6)
    #expect(told.notes.sorted() == [3, 4])
  }

  @Test("C8: a row that is there again has no grave")
  func exhumed() async throws {
    let bench = try await Bench { col, loader in
      try loader.append([Grave(.note, 3, usn: 1), Grave(.card, 3, usn: 1)])
      col.counts[.grave] = 2
    }
    try await bench.start()
    try await bench.apply(cards: [Bench.card(3)], notes: [Bench.note(3)])
    try await bench.finish()
    let after = try await bench.base()
    #expect(after.graves.isEmpty && after.col.counts[.grave] == 0)
    #expect(after.notes.count == 1 && after.cards.count == 1)
  }

  @Test("D9: graves do not cascade")
  func noCascade() async throws {
    let bench = try await Bench { col, loader in
      try loader.append([Bench.note(3, usn: 1)])
      try loader.append([Bench.card(3, usn: 1)])
      (col.counts[.note], col.counts[.card]) = (1, 1)
    }
    try await bench.start(graves: Graves(decks: [1], notes: [3]))
    try await bench.finish()
    let after = try await bench.base()
    #expect(after.cards.count == 1 && after.notes.isEmpty && after.decks.isEmpty)
  }

  @Test("D4: a notetype with another number of fields fails the sync")
  func notetypeStructure() async throws {
    let bench = try await Bench()
    try await bench.start()
    var changes = Changes()
    changes.notetypes = [Bench.notetype(10, "Basic", mtime: 99, fields: 3)]
    let sent = changes
    await #expect(throws: SyncError.self) { try await bench.call { try $0.applyChanges(sent) } }
  }

  @Test("D7: a note with an unknown notetype or another number of fields fails the sync")
  func noteStructure() async throws {
    let bench = try await Bench()
    try await bench.start()
    await #expect(throws: SyncError.self) { try await bench.apply(notes: [Bench.note(3, "one field")]) }
    var orphan = Bench.note(3)
    orphan.mid = 11
    let notes = [orphan]
    await #expect(throws: SyncError.self) { try await bench.apply(notes: notes) }
  }

  @Test("a note of a notetype that arrived in the same sync is taken")
  func newNotetype() async throws {
    let bench = try await Bench()
    try await bench.start()
    var changes = Changes()
    changes.notetypes = [Bench.notetype(11, "Three", fields: 3)]
    _ = try await bench.call { [changes] in try $0.applyChanges(changes) }
    var note = Bench.note(3, "a\u{1f}b\u{1f}c")
    note.mid = 11
    try await bench.apply(notes: [note])
    try await bench.finish()
    #expect(try await bench.base().notes.count == 1)
    #expect(try await bench.rows(Field.self).count == 5)
  }

  @Test("D6: cards without notes and in unknown decks are taken")
  func orphanCards() async throws {
    let bench = try await Bench()
    try await bench.start()
    var card = Bench.card(3)
    card.did = 4711
    try await bench.apply(cards: [card])
    try await bench.finish()
    #expect(try await bench.base().cards.map(\.did) == [4711])
  }

  @Test("D8: a review with an id that is there is ignored")
  func reviews() async throws {
    let bench = try await Bench { col, loader in
      try loader.append([Bench.review(3, ease: 1, usn: 1)])
      col.counts[.review] = 1
    }
    try await bench.start()
    try await bench.apply(reviews: [Bench.review(3, ease: 4), Bench.review(4, ease: 2), Bench.review(4, ease: 3)])
    try await bench.finish()
    let after = try await bench.base()
    #expect(after.reviews.map(\.ease) == [1, 2])
    #expect(after.col.counts[.review] == 2)
  }

  @Test("D11, J3: an incoming deck whose name is taken under unicase gets a plus; two may swap theirs")
  func deckNames() async throws {
    let bench = try await Bench { col, loader in
      try loader.append([Bench.deck(2, "straße", usn: 1), Bench.deck(3, "x", usn: 1)])
      col.counts[.deck] = 3
    }
    try await bench.start()
    var changes = Changes()
    changes.decks = [
      Bench.deck(4, "STRASSE", mtime: 7), Bench.deck(1, "x", mtime: 7), Bench.deck(3, "Default", mtime: 7),
    ]
    _ = try await bench.call { [changes] in try $0.applyChanges(changes) }
    try await bench.finish()
    let decks = try await bench.base().decks
    #expect(decks.map(\.name) == ["x", "straße", "Default", "STRASSE+"])
    #expect(decks.map(\.mtime) == [7, 0, 7, 2_000_000_000])
  }

  @Test(
    "C4: decks changed in the same second", arguments: [("anki,2.1.28 (x),linux", true), ("anki,26.09.3,x", false)])
  func deckTies(client: String, takes: Bool) async throws {
    let bench = try await Bench(usn: 6) { col, loader in
      try loader.append([Bench.deck(2, "old", mtime: 50, usn: 5)])
      col.counts[.deck] = 2
    }
    _ = try await bench.call(client: client) { try $0.start(StartRequest(minUSN: 5, clientIsNewer: true)) }
    var changes = Changes()
    changes.decks = [Bench.deck(2, "new", mtime: 50)]
    _ = try await bench.call { [changes] in try $0.applyChanges(changes) }
    try await bench.finish()
    #expect(try await bench.base().decks.map(\.name).last == (takes ? "new" : "old"))
  }

  @Test("C13: a tag that is there in another case is not stored anew; C12: the newer side's configuration replaces all")
  func tagsAndConfig() async throws {
    let bench = try await Bench { col, loader in
      try loader.append([Tag("Foo", usn: 1)])
      try loader.append([ConfigEntry("a", "1"), ConfigEntry("b", "2")])
      (col.counts[.tag], col.counts[.config]) = (1, 2)
    }
    try await bench.start(newer: true)
    var changes = Changes()
    changes.tags = ["foo", "FOO::bar", "other"]
    changes.config = [ConfigEntry("b", "3")]
    changes.crt = 12
    _ = try await bench.call { [changes] in try $0.applyChanges(changes) }
    try await bench.finish()
    let after = try await bench.base()
    #expect(after.tags.map(\.name) == ["Foo", "Foo::bar", "other"])
    #expect(after.tags.map(\.usn) == [1, 5, 5])
    #expect(try await bench.rows(ConfigEntry.self).map(\.value) == ["3"])
    #expect(after.col.counts[.config] == 1 && after.col.crt == 12)
  }

  @Test(
    "D1, E4: the reply is what changed here, with the configuration only for the older side", arguments: [true, false])
  func reply(newer: Bool) async throws {
    let bench = try await Bench(usn: 6) { col, loader in
      try loader.append([Bench.deck(2, "here", mtime: 50, usn: 5)])
      try loader.append([Tag("tag", usn: 5)])
      try loader.append([ConfigEntry("a", "1")])
      (col.counts[.deck], col.highest[.deck], col.highest[.tag]) = (2, 5, 5)
    }
    try await bench.start(newer: newer)
    var changes = Changes()
    changes.decks = [Bench.deck(2, "there", mtime: 60)]
    let reply = try await bench.call { [changes] in try $0.applyChanges(changes) }
    #expect(reply.decks.map(\.name) == ["here"])
    #expect(reply.tags == ["tag"])
    #expect((reply.config == nil) == newer && (reply.crt == nil) == newer)
  }

  @Test("C15: buried cards come back on a new day, and their count goes with them")
  func unbury() async throws {
    let bench = try await Bench { col, loader in
      try loader.append([Bench.card(3, usn: 1, queue: -2), Bench.card(4, usn: 1, queue: -1)])
      (col.counts[.card], col.buried) = (2, 1)
    }
    try await bench.start()
    let after = try await bench.base()
    #expect(after.cards.map(\.queue) == [0, -1])
    #expect(after.cards.map(\.usn) == [1, 1])
    #expect(after.col.buried == 0 && after.col.mod == 1000)
    try await bench.apply(cards: [Bench.card(3, mod: 300, queue: -3)])
    try await bench.finish()
    #expect(try await bench.col().buried == 1)
    try await bench.start("s2", minUSN: 6)
    #expect(try await bench.base().cards.map(\.queue) == [-3, -1])
  }
}
