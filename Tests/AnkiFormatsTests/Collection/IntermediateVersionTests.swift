import AnkiFormats
import Foundation
import SQLiteFile
import SyncCore
import Testing

/// Files that a client left behind half way between two schemas (collection-format.md 9.3).
@Suite struct IntermediateVersionTests {
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  /// The same collection as it stands in each version.
  private func file(_ version: Int) throws -> String {
    let path = try scratch.fixture(version == 14 ? Fixture.rich11 : Fixture.rich18)
    if version == 14 { try SQL.run(path, Self.upgradeTo14) }
    if version == 15 { try multiplyEases(path, by: 100) }
    if 15...17 ~= version { try SQL.run(path, Self.plainGraves) }
    if 15...16 ~= version { try SQL.run(path, Self.plainTags) }
    try SQL.run(path, "UPDATE col SET ver = \(version)")
    return path
  }

  @Test("every version between gives the same rows", arguments: 14...17)
  func sameRows(_ version: Int) async throws {
    let expected = try await Stored(file: Fixture.path(Fixture.rich18)).dump()
    let found = try await Stored(file: try file(version)).dump()
    for table in expected.keys { #expect(found[table] == expected[table], "\(table)") }
  }

  @Test("an ease is 2.5 in every version", arguments: 14...18)
  func ease(_ version: Int) async throws {
    let configs = try await Stored(file: try file(version)).all(DeckConfig.self)
    #expect(try configs.map { try Blobs.initialEase(of: $0) } == [2.5, 2.5])
  }

  @Test("options of version 14 that are not JSON are a fault")
  func badJSON() async throws {
    let path = try file(14)
    try SQL.run(path, "UPDATE deck_config SET config = '[1]'")
    await #expect(throws: CollectionFault.self) { try await Stored(file: path) }
  }

  private func multiplyEases(_ path: String, by factor: Float) throws {
    let file = try SQLiteConnection(path: path, .readWrite)
    try file.registerUnicase()
    var configs: [DeckConfig] = []
    try file.statement("SELECT id, name, mtime_secs, usn, config FROM deck_config") { statement in
      while try statement.step() { configs.append(try statement.row(DeckConfig.self)) }
    }
    for var config in configs {
      try Blobs.setInitialEase(try Blobs.initialEase(of: config) * factor, of: &config)
      try file.statement("UPDATE deck_config SET config = ? WHERE id = ?") { statement in
        try statement.bind(config.config, at: 1)
        try statement.bind(config.id, at: 2)
        try statement.run()
      }
    }
  }

  private static let plainGraves = """
    DROP TABLE graves; CREATE TABLE graves (usn integer, oid integer, type integer);
    """

  private static let plainTags = """
    ALTER TABLE tags RENAME TO t; CREATE TABLE tags (tag text PRIMARY KEY COLLATE unicase, usn integer) WITHOUT ROWID;
    INSERT INTO tags SELECT tag, usn FROM t; DROP TABLE t;
    """

  private static let upgradeTo14 = """
    CREATE TABLE config (KEY text PRIMARY KEY, usn integer, mtime_secs integer, val blob) WITHOUT ROWID;
    INSERT INTO config SELECT key, -1, 5, cast(conf -> ('$."' || key || '"') AS blob) FROM col, json_each(conf);
    CREATE TABLE deck_config (id integer PRIMARY KEY, name text COLLATE unicase, mtime_secs integer, usn integer,
      config blob);
    INSERT INTO deck_config SELECT json_extract(value, '$.id'), json_extract(value, '$.name'),
      json_extract(value, '$.mod'), json_extract(value, '$.usn'), cast(value AS blob) FROM col, json_each(dconf);
    CREATE TABLE t (tag text PRIMARY KEY COLLATE unicase, usn integer) WITHOUT ROWID;
    INSERT INTO t SELECT key, value FROM col, json_each(tags); ALTER TABLE t RENAME TO tags;
    UPDATE col SET conf = '', dconf = '', tags = '';
    """
}
