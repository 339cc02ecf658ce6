import AnkiFormats
import Foundation
import SQLiteFile
import SyncCore
import Testing

@Suite struct RoundTripTests {
  @Test("a file of the real client is read row by row", arguments: [Fixture.rich11, Fixture.rich18])
  func counts(_ fixture: String) async throws {
    let path = Fixture.path(fixture)
    let stored = try await Stored(file: path)
    let col = try await stored.col()
    #expect(col.counts[.note] == 16 && col.counts[.card] == 17 && col.counts[.review] == 8)
    #expect(try await stored.all(Note.self).count == 16)
    #expect(try await stored.all(Deck.self).count == Int(col.counts[.deck]))
    #expect(try await stored.all(Notetype.self).count == Int(col.counts[.notetype]))
    #expect(try await stored.all(DeckConfig.self).count == 2 && col.counts[.deckConfig] == 2)
    #expect(try await stored.all(Tag.self).count == 3 && col.counts[.tag] == 3)
    #expect(try await stored.all(ConfigEntry.self).count == Int(col.counts[.config]))
    #expect(col.buried == 2)
    #expect([col.mod, col.scm, col.ls] == [1_700_000_000_123, 1_700_000_000_123, 1_700_000_000_123])
    #expect(col.usn == 1 && col.successor == 0 && col.session == 0)
    #expect(col.crt == (try SQL.number(path, "SELECT crt FROM col")))
  }

  @Test("the texts of notes come as the file has them", arguments: [Fixture.rich11, Fixture.rich18])
  func texts(_ fixture: String) async throws {
    let stored = try await Stored(file: Fixture.path(fixture))
    let sql = "SELECT id || guid || tags || flds || data FROM notes ORDER BY id"
    let expected = try SQL.texts(Fixture.path(fixture), sql)
    #expect(try await stored.all(Note.self).map { "\($0.id)\($0.guid)\($0.tags)\($0.flds)\($0.data)" } == expected)
  }

  @Test("schema 11 and 18 of one collection give the same rows")
  func sameRows() async throws {
    let old = try await Stored(file: Fixture.path(Fixture.rich11)).dump()
    let new = try await Stored(file: Fixture.path(Fixture.rich18)).dump()
    for table in old.keys { #expect(old[table] == new[table], "\(table)") }
  }

  @Test("file, rows, file, rows: nothing is lost", arguments: CollectionFile.Version.allCases)
  func roundTrip(_ version: CollectionFile.Version) async throws {
    let scratch = try Scratch()
    let stored = try await Stored(file: Fixture.path(Fixture.rich18))
    try await stored.write(version, scratch.path())
    let again = try await Stored(file: scratch.path())
    let (before, after) = (try await stored.dump(), try await again.dump())
    for table in before.keys { #expect(before[table] == after[table], "\(table)") }
  }

  @Test("an emitted file is whole, closed, and not in WAL mode", arguments: CollectionFile.Version.allCases)
  func fileState(_ version: CollectionFile.Version) async throws {
    let scratch = try Scratch()
    let path = scratch.path()
    try await Stored(file: Fixture.path(Fixture.rich11)).write(version, path)
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.folder) == ["file.anki2"])
    let header = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)).prefix(100))
    #expect(header[16...17].elementsEqual([16, 0]) && header[18...19].elementsEqual([1, 1]))
    #expect(try SQL.texts(path, "PRAGMA integrity_check") == ["ok"])
    #expect(try SQL.number(path, "SELECT ver FROM col") == version.rawValue)
    #expect(try SQL.number(path, "SELECT ls = mod AND dty = 0 AND id = 1 FROM col") == 1)
    #expect(try SQL.texts(path, "SELECT typeof(mod) FROM col") == ["integer"])
    for table in ["notes", "cards", "revlog"] {
      #expect(try SQL.number(path, "SELECT count(*) FROM \(table) WHERE usn < 0") == 0)
    }
  }

  @Test("emitted tables and indexes are those that the client makes")
  func schema() async throws {
    let scratch = try Scratch()
    for (version, fixture) in [(CollectionFile.Version.v18, Fixture.rich18), (.v11, Fixture.rich11)] {
      let path = scratch.path(fixture)
      try await Stored(file: Fixture.path(Fixture.rich18)).write(version, path)
      let names = "SELECT type || ' ' || name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY 1"
      #expect(try SQL.texts(path, names) == SQL.texts(Fixture.path(fixture), names))
      for table in try SQL.texts(path, "SELECT name FROM sqlite_master WHERE type = 'table'") {
        let columns = """
          SELECT name || ' ' || lower(type) || ' ' || "notnull" || ' ' || pk FROM pragma_table_info('\(table)')
          """
        #expect(try SQL.texts(path, columns) == SQL.texts(Fixture.path(fixture), columns), "\(table)")
      }
    }
  }

  @Test("sort fields and checksums are those of the client")
  func derived() async throws {
    let scratch = try Scratch()
    try await Stored(file: Fixture.path(Fixture.rich18)).write(.v18, scratch.path())
    let sql = "SELECT id || typeof(sfld) || sfld || ' ' || csum FROM notes ORDER BY id"
    #expect(try SQL.texts(scratch.path(), sql) == SQL.texts(Fixture.path(Fixture.rich18), sql))
  }

  @Test("there is never a file at the place of another")
  func noOverwriting() async throws {
    let scratch = try Scratch()
    let path = try scratch.fixture(Fixture.rich11)
    let before = try Data(contentsOf: URL(fileURLWithPath: path))
    let stored = try await Stored(file: path)
    await #expect { try await stored.write(.v18, path) } throws: { ($0 as? StorageError)?.code == .conflict }
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
  }

  @Test("a file that could not be written whole is removed")
  func noHalfFile() async throws {
    let scratch = try Scratch()
    let stored = try await Stored { try $0.append([Tag("a", usn: 0)]) }
    await #expect { try await stored.write(.v18, scratch.path()) } throws: { ($0 as? StorageError)?.code == .corrupt }
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.folder).isEmpty)
  }

  @Test("a durable file is written like any other")
  func durable() async throws {
    let scratch = try Scratch()
    let stored = try await Stored(file: Fixture.path(Fixture.rich11))
    let path = scratch.path()
    try await stored.backend.read(Stored.schema) {
      try CollectionFile.write(schema: .v18, path: path, from: $0, durable: true)
    }
    #expect(try SQL.texts(path, "PRAGMA integrity_check") == ["ok"])
  }

  @Test("the fresh collection survives both schemas", arguments: CollectionFile.Version.allCases)
  func minimal(_ version: CollectionFile.Version) async throws {
    let scratch = try Scratch()
    let stored = try await Stored { try CollectionFile.minimal(crt: 1_700_000_000, scm: 1_700_000_000_123, into: $0) }
    let col = try await stored.col()
    #expect(col.mod == 0 && col.usn == 0 && col.scm == 1_700_000_000_123 && col.crt == 1_700_000_000)
    #expect(try await stored.all(Deck.self).map(\.id) == [1])
    try await stored.write(version, scratch.path())
    #expect(try SQL.texts(scratch.path(), "PRAGMA integrity_check") == ["ok"])
    #expect(try await Stored(file: scratch.path()).dump() == stored.dump())
  }
}
