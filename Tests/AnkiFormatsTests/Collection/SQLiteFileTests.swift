import Foundation
import SQLiteFile
import SyncCore
import Testing

@Suite struct SQLiteFileTests {
  private let scratch: Scratch
  private let file: SQLiteConnection

  init() throws {
    scratch = try Scratch()
    file = try SQLiteConnection(path: scratch.path(), .readWriteCreate)
    try file.execute("CREATE TABLE t (id integer PRIMARY KEY, name text, data blob)")
  }

  private func code(_ body: () throws -> Void) -> StorageError.Code? {
    do { try body() } catch { return (error as? StorageError)?.code }
    return nil
  }

  @Test("a row goes in and comes out by its own description")
  func rows() throws {
    try file.execute("CREATE TABLE decks (id, name, mtime_secs, usn, common, kind)")
    var deck = Deck()
    (deck.id, deck.name, deck.mtime, deck.usn) = (.max, "ä\u{1F}🎌", .min, -1)
    (deck.common, deck.kind) = ([], [0, 255])
    try file.statement("INSERT INTO decks VALUES (?, ?, ?, ?, ?, ?)") { statement in
      #expect(try statement.bind(&deck) == 7)
      try statement.run()
    }
    #expect(file.changes == 1)
    let found = try file.statement("SELECT * FROM decks") { try $0.step() ? $0.row(Deck.self) : nil }
    #expect(found == deck)
    #expect(try file.number("SELECT count(*) FROM decks WHERE name IS NOT NULL AND common IS NOT NULL") == 1)
  }

  @Test("a NUL in the text of a row is refused, in a text of its own it is kept")
  func nul() throws {
    var tag = Tag("a\0b", usn: 0)
    #expect(code { try file.statement("SELECT ?, ?, ?, ?, ?") { _ = try $0.bind(&tag) } } == .invalid)
    try file.statement("INSERT INTO t (name) VALUES (?)") { statement in
      try statement.bind("a\0b" as Text, at: 1)
      try statement.run()
    }
    #expect(try file.statement("SELECT name FROM t") { try $0.step() ? $0.text(0) : nil } == "a\0b")
  }

  @Test("one SQL may run inside itself")
  func nested() throws {
    try file.execute("INSERT INTO t (id) VALUES (1), (2), (3)")
    var pairs = 0
    try file.statement("SELECT id FROM t") { outer in
      while try outer.step() {
        try file.statement("SELECT id FROM t") { inner in while try inner.step() { pairs += 1 } }
      }
    }
    #expect(pairs == 9)
  }

  @Test("a statement that is used again has forgotten its values")
  func forgetful() throws {
    let sql = "SELECT ? IS NULL"
    try file.statement(sql) { try $0.bind(5, at: 1) }
    #expect(try file.number(sql) == 1)
  }

  @Test("more statements than are kept still work")
  func manyStatements() throws {
    for number in 0..<200 as Range<Int64> { #expect(try file.number("SELECT \(number)") == number) }
    #expect(try file.number("SELECT 0") == 0)
  }

  @Test("a transaction that throws leaves no trace")
  func rollback() throws {
    #expect(throws: CancellationError.self) {
      try file.transaction(.immediate) {
        try file.execute("INSERT INTO t (id) VALUES (1)")
        throw CancellationError()
      }
    }
    #expect(!file.isInTransaction)
    #expect(try file.number("SELECT count(*) FROM t") == 0)
  }

  @Test("errors say what they mean to storage")
  func errors() throws {
    try file.execute("INSERT INTO t (id) VALUES (1)")
    #expect(code { try file.execute("INSERT INTO t (id) VALUES (1)") } == .invalid)
    #expect(code { try file.execute("SELECT * FROM missing") } == .corrupt)
    #expect(code { _ = try SQLiteConnection(path: scratch.path("missing"), .readOnly) } == .notFound)
    try Data(repeating: 7, count: 5000).write(to: URL(fileURLWithPath: scratch.path("noise")))
    let noise = try SQLiteConnection(path: scratch.path("noise"), .readOnly)
    #expect(code { _ = try noise.number("SELECT count(*) FROM sqlite_master") } == .corrupt)
    try file.execute("PRAGMA max_page_count = 3")
    #expect(code { try file.execute("INSERT INTO t (data) VALUES (zeroblob(100000))") } == .full)
  }

  @Test("who meets another's lock is told of a conflict")
  func busy() throws {
    let other = try SQLiteConnection(path: scratch.path(), .readWrite)
    other.setBusyTimeout(milliseconds: 1)
    try file.begin(.immediate)
    #expect(code { try other.begin(.immediate) } == .conflict)
    file.rollback()
    #expect(code { try other.begin(.immediate) } == nil)
  }

  @Test("work beyond its deadline ends, and the connection lives on")
  func deadline() throws {
    file.deadline = .now
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    #expect(code { _ = try file.number(endless) } == .unavailable)
    file.deadline = nil
    #expect(try file.number("SELECT 5") == 5)
  }

  @Test("names are ordered by unicase")
  func unicase() throws {
    try file.registerUnicase()
    try file.execute("CREATE TABLE n (name text COLLATE unicase UNIQUE)")
    try file.execute("INSERT INTO n VALUES ('b'), ('_'), ('Straße'), ('A'), ('ä')")
    var names: [Text] = []
    try file.statement("SELECT name FROM n ORDER BY name") { while try $0.step() { names.append($0.text(0)) } }
    #expect(names == ["_", "A", "b", "Straße", "ä"])
    #expect(code { try file.execute("INSERT INTO n VALUES ('STRASSE')") } == .invalid)
  }

  @Test("what is synced must be there")
  func durable() throws {
    #expect(code { try DurableFile.syncFolder(scratch.folder) } == nil)
    #expect(code { try DurableFile.sync(scratch.path("missing")) } == .notFound)
    #expect(code { try DurableFile.syncFolder(scratch.path()) } == .notFound)
  }
}
