import AnkiFormats
import Foundation
import SQLiteFile
import SyncCore
import Testing

/// A way to spoil a good file.
struct Spoiling: Sendable, CustomTestStringConvertible {
  let name: String
  let fixture: String
  let spoil: @Sendable (String) throws -> Void
  var testDescription: String { name }

  init(_ name: String, _ fixture: String = Fixture.rich18, sql: String) {
    self.init(name, fixture) { try SQL.run($0, sql) }
  }

  init(_ name: String, _ fixture: String = Fixture.rich18, _ spoil: @escaping @Sendable (String) throws -> Void) {
    (self.name, self.fixture, self.spoil) = (name, fixture, spoil)
  }

  static func bytes(_ name: String, _ change: @escaping @Sendable (inout Data) -> Void) -> Spoiling {
    Spoiling(name) { path in
      var data = try Data(contentsOf: URL(fileURLWithPath: path))
      change(&data)
      try data.write(to: URL(fileURLWithPath: path))
    }
  }

  /// Replaces the definition of something behind SQLite's back.
  static func master(_ name: String, _ sql: String) -> Spoiling {
    Spoiling(name, sql: "PRAGMA writable_schema = 1; \(sql)")
  }

  static let refused: [Spoiling] =
    files + structure + versions
    + [
      Spoiling("no row in col", sql: "DELETE FROM col"),
      Spoiling("two rows in col", sql: "INSERT INTO col SELECT 2, 0, 0, 0, 18, 0, 0, 0, '', '', '', '', ''"),
      Spoiling("a mod beyond time", sql: "UPDATE col SET mod = 9223372036854775807"),
      Spoiling("a usn beyond 32 bits", sql: "UPDATE col SET usn = 2147483647"),
      Spoiling("a deck without a kind", sql: "UPDATE decks SET kind = x''"),
      Spoiling("a deck whose message is noise", sql: "UPDATE decks SET common = randomblob(40) WHERE id = 1"),
      Spoiling("a notetype that is a text", sql: "UPDATE notetypes SET config = 'not a message'"),
      Spoiling("a field cut short", sql: "UPDATE fields SET config = x'1aff'"),
      Spoiling("a template cut short", sql: "UPDATE templates SET config = x'0aff'"),
      Spoiling("options cut short", sql: "UPDATE deck_config SET config = x'0aff'"),
      Spoiling("a config value that is not JSON", sql: "UPDATE config SET val = 'nope' WHERE KEY = 'curDeck'"),
      Spoiling("a config value that is empty", sql: "UPDATE config SET val = x'' WHERE KEY = 'curDeck'"),
      Spoiling("models that are not JSON", Fixture.rich11, sql: "UPDATE col SET models = '{'"),
      Spoiling("decks that are a list", Fixture.rich11, sql: "UPDATE col SET decks = '[]'"),
      Spoiling("a deck that is a number", Fixture.rich11, sql: "UPDATE col SET decks = '{\"1\": 1}'"),
      Spoiling("a deck without a name", Fixture.rich11, sql: "UPDATE col SET decks = '{\"1\": {\"id\": 1}}'"),
      Spoiling("options that are empty", Fixture.rich11, sql: "UPDATE col SET dconf = ''"),
      Spoiling(
        "JSON nested too deeply", Fixture.rich11,
        sql: "UPDATE col SET conf = replace(hex(zeroblob(5000)), '0', '[')"),
      Spoiling("JSON that is a blob of noise", Fixture.rich11, sql: "UPDATE col SET tags = randomblob(100)"),
    ]

  private static let files: [Spoiling] = [
    bytes("empty") { $0 = Data() },
    bytes("one byte") { $0 = Data([1]) },
    bytes("a text") { $0 = Data(String(repeating: "not a database ", count: 500).utf8) },
    bytes("only the header's magic") { $0 = $0.prefix(16) },
    bytes("only the first page") { $0 = $0.prefix(4096) },
    bytes("half of it") { $0 = $0.prefix($0.count / 2) },
    bytes("the last page missing") { $0 = $0.dropLast(4096) },
    bytes("pages of zeros") { $0.replaceSubrange(8192..<40960, with: Data(count: 32768)) },
    bytes("pages of noise") { for index in 4096..<20480 { $0[index] = UInt8(truncatingIfNeeded: index &* 167 >> 3) } },
    bytes("noise in the schema") { for index in 100..<120 { $0[index] ^= 0x55 } },
    bytes("a page size of 3") { $0[17] = 3 },
    bytes("UTF-16") { $0[59] = 2 },
  ]

  private static let structure: [Spoiling] = [
    Spoiling("no table of notes", sql: "DROP TABLE notes"),
    Spoiling("no table of fields", sql: "DROP TABLE fields"),
    Spoiling("no table at all") { path in
      try FileManager.default.removeItem(atPath: path)
      try SQL.run(path, "CREATE TABLE other (a)")
    },
    Spoiling("a view for notes", sql: "ALTER TABLE notes RENAME TO n; CREATE VIEW notes AS SELECT * FROM n"),
    Spoiling("a view for col", sql: "ALTER TABLE col RENAME TO c; CREATE VIEW col AS SELECT * FROM c"),
    Spoiling("a virtual table for revlog", sql: "DROP TABLE revlog; CREATE VIRTUAL TABLE revlog USING fts5(id, cid)"),
    Spoiling("a computed column", sql: "ALTER TABLE cards ADD COLUMN x AS (id + 1)"),
    Spoiling("a column missing", sql: "ALTER TABLE notes DROP COLUMN data"),
    Spoiling("a column renamed", sql: "ALTER TABLE revlog RENAME COLUMN ease TO eese"),
    Spoiling(
      "an id twice",
      sql: """
        ALTER TABLE cards RENAME TO c; CREATE TABLE cards AS SELECT * FROM c;
        INSERT INTO cards SELECT * FROM c LIMIT 1
        """),
    Spoiling(
      "ids that are texts",
      sql: "ALTER TABLE cards RENAME TO c; CREATE TABLE cards AS SELECT * FROM c; UPDATE cards SET id = 'x' || id"),
    Spoiling(
      "ids that are fractions",
      sql: "ALTER TABLE cards RENAME TO c; CREATE TABLE cards AS SELECT * FROM c; UPDATE cards SET id = rowid / 10.0"),
    master("a definition that is no SQL", "UPDATE sqlite_master SET sql = 'CREATE TABLE n (((' WHERE name = 'notes'"),
    master("an index on another's page", "UPDATE sqlite_master SET rootpage = 2 WHERE name = 'ix_notes_usn'"),
    master("a table on no page", "UPDATE sqlite_master SET rootpage = 0 WHERE name = 'cards'"),
    master("a table on page 999999", "UPDATE sqlite_master SET rootpage = 999999 WHERE name = 'cards'"),
    master("two tables on one page", "UPDATE sqlite_master SET rootpage = 2 WHERE name = 'graves'"),
  ]

  private static let versions: [Spoiling] =
    ([-1, 0, 1, 10, 12, 13, 19, 99] as [Int]).map { version in
      Spoiling("version \(version)", sql: "UPDATE col SET ver = \(version)")
    } + [
      Spoiling("a version that is a text", sql: "UPDATE col SET ver = 'eighteen'"),
      Spoiling("version 11 without its texts", sql: "UPDATE col SET ver = 11"),
      Spoiling("version 18 without its tables", Fixture.rich11, sql: "UPDATE col SET ver = 18"),
    ]
}

@Suite struct HostileFileTests {
  @Test("a file at fault is told so, and nothing else happens", arguments: Spoiling.refused)
  func refused(_ spoiling: Spoiling) async throws {
    let scratch = try Scratch()
    let path = try scratch.fixture(spoiling.fixture)
    try spoiling.spoil(path)
    await #expect(throws: CollectionFault.self) { try await Stored(file: path) }
  }

  @Test("a wrong version is named", arguments: [12, 13, 19] as [Int64])
  func wrongVersion(_ version: Int64) async throws {
    let scratch = try Scratch()
    let path = try scratch.fixture(Fixture.rich18)
    try SQL.run(path, "UPDATE col SET ver = \(version)")
    let fault = await #expect(throws: CollectionFault.self) { try await Stored(file: path) }
    #expect(fault?.message.contains("version \(version) ") == true)
  }

  @Test("an empty file is told to be empty")
  func empty() async throws {
    let scratch = try Scratch()
    try Data().write(to: URL(fileURLWithPath: scratch.path()))
    let fault = await #expect(throws: CollectionFault.self) { try await Stored(file: scratch.path()) }
    #expect(fault?.message.contains("empty") == true)
  }

  @Test("a file that is not there is our fault, not the client's")
  func missing() async throws {
    let path = try Scratch().path("nothing")
    await #expect { try await Stored(file: path) } throws: { ($0 as? StorageError)?.code == .notFound }
  }

  @Test("an error of storage is not taken for one of the file")
  func storageFails() async throws {
    let schema = Stored.schema
    let stored = try await Stored(file: Fixture.path(Fixture.rich18))
    await #expect {
      try await stored.backend.load(.collection(user: 2, generation: 1)) { loader in
        try loader.append([Card()])
        let failing = FailingLoader(StorageError(.invalid, "\(schema)"))
        try CollectionFile.read(path: Fixture.path(Fixture.rich18), into: failing)
      }
    } throws: {
      $0 as? StorageError == StorageError(.invalid, "collection 1.1")
    }
  }

  @Test("a limit of time ends the reading")
  func timeLimit() async throws {
    let scratch = try Scratch()
    let path = try scratch.fixture(Fixture.rich18)
    try SQL.run(
      path,
      """
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
      INSERT INTO revlog SELECT i, 1, 0, 1, 1, 1, 2500, 1000, 1 FROM n
      """)
    let fault = await #expect(throws: CollectionFault.self) {
      try await Stored(file: path, limits: CollectionLimits(seconds: 0))
    }
    #expect(fault?.message.contains("longer") == true)
  }

  @Test("a limit of bytes is named", arguments: [Fixture.rich11, Fixture.rich18])
  func objectLimit(_ fixture: String) async throws {
    let fault = await #expect(throws: CollectionFault.self) {
      try await Stored(file: Fixture.path(fixture), limits: CollectionLimits(objectBytes: 4000))
    }
    #expect(fault?.message.contains("4000 bytes") == true)
  }

  @Test("one value may not be larger than the limit")
  func valueLimit() async throws {
    let scratch = try Scratch()
    let path = try scratch.fixture(Fixture.rich18)
    try SQL.run(path, "UPDATE notes SET flds = hex(zeroblob(100000)) WHERE id = (SELECT min(id) FROM notes)")
    await #expect(throws: CollectionFault.self) {
      try await Stored(file: path, limits: CollectionLimits(valueBytes: 150_000))
    }
    #expect(try await Stored(file: path).all(Note.self).count == 16)
  }

  @Test("a hostile file cannot make SQLite write, attach or load")
  func hardened() throws {
    let scratch = try Scratch()
    let file = try SQLiteConnection(path: try scratch.fixture(Fixture.rich18), .hostile(SQLiteLimits()))
    let other = scratch.path("other")
    for sql in [
      "CREATE TABLE x (a)", "UPDATE col SET mod = 0", "DELETE FROM notes", "ATTACH '\(other)' AS other",
      "CREATE TEMP TABLE x (a)", "SELECT load_extension('x')", "VACUUM INTO '\(other)'", "DROP TABLE notes",
    ] {
      #expect(throws: StorageError.self, "\(sql)") { try file.execute(sql) }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.folder) == ["file.anki2"])
  }

  @Test("reading leaves nothing beside the file, not even beside one in WAL mode")
  func noSideFiles() async throws {
    let scratch = try Scratch()
    let path = try scratch.fixture(Fixture.rich18)
    let before = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(before[18] == 2 && before[19] == 2)
    _ = try await Stored(file: path)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.folder) == ["file.anki2"])
  }

  @Test("a path may hold what means something in a URI")
  func oddPath() async throws {
    let scratch = try Scratch()
    let path = try scratch.fixture(Fixture.rich18, named: "ü %41?mode=rwc#x.anki2")
    #expect(try await Stored(file: path).col().counts[.note] == 16)
  }
}

private final class FailingLoader: RowLoader {
  let error: StorageError

  init(_ error: StorageError) { self.error = error }

  func append<R: Row>(_ rows: [R]) throws { throw error }
}
