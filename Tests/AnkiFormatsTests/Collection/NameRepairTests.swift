import AnkiFormats
import Foundation
import SyncCore
import Testing

/// Names that no client could open again are made fit (collection-format.md 9.1).
@Suite struct NameRepairTests {
  private static let mod: Int64 = 1_700_000_000_123
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  /// A schema 11 file whose decks have these names, by id.
  private func file(decks names: [Int64: String]) throws -> String {
    let path = try scratch.fixture(Fixture.rich11)
    for (id, name) in names {
      try SQL.run(
        path,
        """
        UPDATE col SET usn = 9, decks = json_set(decks, '$."\(id)"',
          json_set(decks -> '$."1"', '$.id', \(id), '$.name', '\(name)', '$.mod', 5))
        """)
    }
    return path
  }

  @Test("of two decks that unicase calls equal the second gets a mark, and is stamped as changed on the server")
  func equalDecks() async throws {
    let stored = try await Stored(file: file(decks: [70: "Foo", 71: "foo", 72: "FOO", 73: "foo_"]))
    let decks = try await stored.all(Deck.self).filter { 70...73 ~= $0.id }
    #expect(decks.map(\.name) == ["Foo", "foo_", "FOO__", "foo___"])
    #expect(decks.map(\.usn) == [0, 9, 9, 9])
    #expect(decks.map(\.mtime) == [5] + [Int64](repeating: Self.mod / 1000 + 1, count: 3))
    let col = try await stored.col()
    #expect(col.mod == Self.mod + 1 && col.scm == Self.mod && col.highest[.deck] == 9)
  }

  @Test("a deck's name is normalised, in both schemas")
  func deckNames() async throws {
    let old = try await Stored(file: file(decks: [70: " x ::: y::z:: "]))
    #expect(try await old.all(Deck.self).first { $0.id == 70 }?.name == "x\u{1F}y\u{1F}z\u{1F}blank")
    #expect(try await old.col().mod == Self.mod + 1)
    let path = try scratch.fixture(Fixture.rich18, named: "new")
    try SQL.run(path, "UPDATE decks SET name = ' a' || char(31) || char(31) || 'b ' WHERE id = 1")
    let new = try await Stored(file: path)
    #expect(try await new.all(Deck.self).first { $0.id == 1 }?.name == "a\u{1F}blank\u{1F}b")
  }

  @Test("names that are fine change nothing")
  func nothingToDo() async throws {
    let stored = try await Stored(file: file(decks: [70: "a::b", 71: "A::c", 72: "ä"]))
    #expect(try await stored.col().mod == Self.mod)
    #expect(try await stored.all(Deck.self).filter { 70...72 ~= $0.id }.allSatisfy { $0.mtime == 5 && $0.usn == 0 })
  }

  @Test("names of notetypes, fields and templates are made unique")
  func notetypes() async throws {
    let path = try scratch.fixture(Fixture.rich18)
    try SQL.run(
      path,
      """
      DROP INDEX idx_notetypes_name; DROP INDEX idx_fields_name_ntid; DROP INDEX idx_templates_name_ntid;
      UPDATE notetypes SET name = 'N'; UPDATE fields SET name = iif(ord = 0, 'f', 'F');
      UPDATE templates SET name = 'ﬃ'; UPDATE col SET usn = 4
      """)
    let stored = try await Stored(file: path)
    let notetypes = try await stored.all(Notetype.self)
    let names = (0..<notetypes.count).map { Text("N" + String(repeating: "_", count: $0)) }
    #expect(notetypes.map(\.name).sorted() == names)
    #expect(notetypes.allSatisfy { $0.usn == 4 && $0.mtime > Self.mod / 1000 })
    #expect(Set(try await stored.all(Field.self).prefix(2).map(\.name)) == ["f", "F+"])
    try await stored.write(.v18, scratch.path("out"))
    #expect(try SQL.texts(scratch.path("out"), "PRAGMA integrity_check") == ["ok"])
  }

  @Test("many equal names are refused rather than made ever longer")
  func tooMany() async throws {
    let path = try scratch.fixture(Fixture.rich18)
    try SQL.run(
      path,
      """
      DROP INDEX idx_decks_name;
      WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
      INSERT INTO decks SELECT i, 'x', 0, 0, common, kind FROM n, decks WHERE id = 1
      """)
    await #expect(throws: CollectionFault.self) { try await Stored(file: path) }
  }

  @Test("an object takes the id that the clients give it")
  func ids() async throws {
    let path = try scratch.fixture(Fixture.rich11)
    try SQL.run(
      path,
      """
      UPDATE col SET
        dconf = json_set(dconf, '$."6"', json_set(dconf -> '$."1"', '$.id', 5)),
        decks = json_set(decks, '$."98"', json_set(decks -> '$."1"', '$.id', 99, '$.name', 'inner')),
        models = (SELECT json_set(models, '$."0"', json_set(value, '$.id', 0, '$.name', 'zero'))
          FROM json_each(models) LIMIT 1)
      """)
    let stored = try await Stored(file: path)
    #expect(try await stored.all(DeckConfig.self).map(\.id).prefix(2) == [1, 6])
    #expect(try await stored.all(Deck.self).first { $0.name == "inner" }?.id == 99)
    #expect(try await stored.all(Notetype.self).first { $0.name == "zero" }?.id == 1)
  }

  @Test("what an emitted file's decks would make a client rename is renamed in it")
  func emission() async throws {
    let path = scratch.path("out")
    let stored = try await Stored { loader in
      try CollectionFile.minimal(crt: 0, scm: 1, into: loader)
      var deck = try Legacy.deck(from: Self.deck(id: 2, name: "DEFAULT"))
      deck.name = "DEFAULT"
      try loader.append([deck])
    }
    try await stored.write(.v18, path)
    #expect(try SQL.texts(path, "SELECT name FROM decks ORDER BY id") == ["Default", "DEFAULT_"])
  }

  private static func deck(id: Int64, name: String) -> JSONObject {
    let never = JSONValue.array([.int(0), .int(0)])
    return [
      "id": .int(id), "name": .string(name), "usn": .int(0), "dyn": .int(0), "conf": .int(1), "lrnToday": never,
      "revToday": never, "newToday": never, "timeToday": never, "collapsed": .bool(false),
    ]
  }
}
