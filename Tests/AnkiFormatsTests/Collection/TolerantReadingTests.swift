import AnkiFormats
import Foundation
import SyncCore
import Testing

/// What is odd but can be taken in: read as SQLite and the clients read it.
@Suite struct TolerantReadingTests {
  private let scratch: Scratch
  private let path: String

  init() throws {
    scratch = try Scratch()
    path = try scratch.fixture(Fixture.rich18)
  }

  private func stored(_ sql: String) async throws -> Stored {
    try SQL.run(path, sql)
    return try await Stored(file: path)
  }

  private func firstCard(_ set: String) async throws -> Card {
    try await stored("UPDATE cards SET \(set) WHERE id = (SELECT min(id) FROM cards)").all(Card.self)[0]
  }

  @Test(
    "a number column may hold anything",
    arguments: [
      ("due = 'twelve'", 0), ("due = ' 12 '", 12), ("due = 12.9", 12), ("due = -12.9", -12), ("due = x'ff00'", 0),
      ("due = 1e300", .max), ("due = -1e300", .min), ("due = '99999999999999999999'", .max),
      ("due = 9223372036854775807", .max), ("due = '12abc'", 12), ("due = ''", 0),
    ] as [(String, Int64)])
  func numbers(_ set: String, _ due: Int64) async throws {
    #expect(try await firstCard(set).due == due)
  }

  @Test(
    "a usn is what a client can have given",
    arguments: [("-1", 0), ("-9223372036854775808", 0), ("'x'", 0), ("7", 7), ("9e18", Int64(Int32.max))])
  func usn(_ value: String, _ usn: Int64) async throws {
    #expect(try await firstCard("usn = \(value)").usn == usn)
  }

  @Test("a negative usn of the collection or of an object is 0")
  func objectUSN() async throws {
    let stored = try await stored(
      """
      UPDATE col SET usn = -1; UPDATE decks SET usn = -1; UPDATE notetypes SET usn = -1;
      UPDATE tags SET usn = -1; UPDATE deck_config SET usn = -1; UPDATE templates SET usn = -1
      """)
    #expect(try await stored.col().usn == 0)
    #expect(try await stored.all(Deck.self).allSatisfy { $0.usn == 0 })
    #expect(try await stored.all(Notetype.self).allSatisfy { $0.usn == 0 })
    #expect(try await stored.all(Template.self).allSatisfy { $0.usn == 0 })
    #expect(try await stored.all(Tag.self).allSatisfy { $0.usn == 0 })
    #expect(try await stored.all(DeckConfig.self).allSatisfy { $0.usn == 0 })
  }

  @Test("a text column may hold a number or a blob")
  func texts() async throws {
    let note = try await stored("UPDATE notes SET flds = x'616263', guid = 5, tags = 1.5").all(Note.self)[0]
    #expect([note.flds, note.guid, note.tags] == ["abc", "5", "1.5"])
  }

  @Test("a NUL in a text is removed, and what is not UTF-8 becomes U+FFFD")
  func edge() async throws {
    let stored = try await stored(
      """
      UPDATE notes SET flds = cast(x'61006200' AS text), guid = cast(x'61ff62' AS text), tags = cast(x'00' AS text);
      UPDATE cards SET data = cast(x'7b007d' AS text);
      UPDATE decks SET name = cast(x'410042' AS text) WHERE id = 1;
      UPDATE notetypes SET name = cast(x'430044' AS text) WHERE id = (SELECT min(id) FROM notetypes);
      INSERT INTO tags VALUES (cast(x'740075' AS text), 0, 1, NULL);
      INSERT INTO config VALUES (cast(x'6b006c' AS text), 0, 0, '"a\\u0000b\\ud800"')
      """)
    let note = try await stored.all(Note.self)[0]
    #expect(note.flds == "ab" && note.guid == "a\u{FFFD}b" && note.tags == "")
    #expect(try await stored.all(Card.self)[0].data == "{}")
    #expect(try await stored.all(Deck.self)[0].name == "AB")
    #expect(try await stored.all(Notetype.self)[0].name == "CD")
    #expect(try await stored.all(Tag.self).contains { $0.name == "tu" })
    let entry = try await stored.all(ConfigEntry.self).first { $0.name == "kl" }
    #expect(entry?.value == "\"ab\u{FFFD}\"")
  }

  @Test("of graves that name one object one stays, and kinds that nobody knows go")
  func graves() async throws {
    let path = try scratch.fixture(Fixture.rich11, named: "old")
    try SQL.run(path, "INSERT INTO graves VALUES (3, 7, 1), (5, 7, 1), (-1, 8, 0), (0, 9, 2), (0, 9, 77), (0, 7, 0)")
    let stored = try await Stored(file: path)
    let expected = [Grave(.card, 7, usn: 0), Grave(.card, 8, usn: 0), Grave(.note, 7, usn: 3), Grave(.deck, 9, usn: 0)]
    #expect(try await stored.all(Grave.self) == expected)
    #expect(try await stored.col().counts[.grave] == 4)
  }

  @Test("counts and highest usns are those of the rows")
  func counters() async throws {
    let stored = try await stored(
      """
      UPDATE col SET usn = 50; UPDATE notes SET usn = 40 WHERE id = (SELECT max(id) FROM notes);
      UPDATE revlog SET usn = 41; UPDATE cards SET queue = -3; INSERT INTO graves VALUES (5, 1, 42)
      """)
    let col = try await stored.col()
    #expect(col.highest[.note] == 40 && col.highest[.review] == 41 && col.highest[.grave] == 42)
    #expect(col.highest[.card] == 0 && col.buried == 17 && col.counts[.grave] == 1)
  }

  @Test("what add-ons put beside Anki's tables is neither read nor a fault")
  func strangers() async throws {
    let stored = try await stored(
      """
      CREATE TABLE addon (a); INSERT INTO addon VALUES (1); CREATE VIEW v AS SELECT * FROM addon;
      CREATE TRIGGER t AFTER INSERT ON notes BEGIN DELETE FROM cards; END;
      ALTER TABLE notes ADD COLUMN extra text; DROP INDEX ix_cards_nid; DROP TABLE sqlite_stat1
      """)
    #expect(try await stored.col().counts[.card] == 17)
  }

  @Test("tags that unicase calls equal are one")
  func tags() async throws {
    let path = try scratch.fixture(Fixture.rich11, named: "old")
    try SQL.run(path, #"UPDATE col SET tags = '{"straße": 0, "STRASSE": -1, "a": 2, "ﬃ": 0, "iff": 0}'"#)
    let stored = try await Stored(file: path)
    #expect(try await stored.all(Tag.self).map(\.name) == ["a", "ﬃ", "straße"])
    #expect(try await stored.all(Tag.self).map(\.usn) == [2, 0, 0])
    #expect(try await stored.col().counts[.tag] == 3)
  }

  @Test("a field without a notetype is not kept")
  func orphans() async throws {
    let stored = try await stored(
      "INSERT INTO fields VALUES (5, 0, 'x', x''); INSERT INTO templates VALUES (5, 0, 'x', 0, 0, x'')")
    #expect(try await stored.all(Field.self).allSatisfy { $0.ntid != 5 })
    #expect(try await stored.all(Template.self).allSatisfy { $0.ntid != 5 })
  }
}
