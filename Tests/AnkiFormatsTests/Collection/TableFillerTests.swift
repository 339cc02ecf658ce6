import Foundation
import SQLiteFile
import SyncCore
import Testing

/// The pages that we write are SQLite's own: it finds nothing wrong with them, reads what went in, and goes on.
@Suite struct TableFillerTests {
  private let scratch: Scratch
  private let file: SQLiteConnection

  init() throws {
    scratch = try Scratch()
    file = try SQLiteConnection(path: scratch.path(), .readWriteCreate)
    try file.execute(
      """
      CREATE TABLE samples (id INTEGER PRIMARY KEY, usn INTEGER, text TEXT, owner INTEGER, data BLOB);
      CREATE INDEX by_usn ON samples (usn);
      CREATE INDEX by_owner ON samples (owner);
      """)
  }

  /// A row with everything that a row may have.
  private struct Sample: Row {
    static let table = Table(of: Sample.self, "samples")
    var id: Int64 = 0
    var usn: Int64 = 0
    var text = Text()
    var owner: Int64 = 0
    var data: [UInt8] = []
    var key: Int64 { id }

    mutating func columns(_ visitor: inout some ColumnVisitor) throws {
      try visitor.integer("id", &id)
      try visitor.integer("usn", &usn)
      try visitor.text("text", &text)
      try visitor.integer("owner", &owner)
      try visitor.blob("data", &data)
    }
  }

  private func fill(_ samples: some Sequence<Sample>, keysInMemory: Int = 1 << 18) throws {
    let filler = try TableFiller("samples", in: file, keysInMemory: keysInMemory)
    for var sample in samples { #expect(try filler.append(&sample)) }
    try filler.finish()
  }

  /// What SQLite says is wrong, by its most thorough look at table and indexes.
  private func faults() throws -> String {
    try file.statement("PRAGMA integrity_check") { try $0.step() ? $0.text(0).string : "" }
  }

  private func stored(_ order: String = "") throws -> [Sample] {
    try file.statement("SELECT id, usn, text, owner, data FROM samples \(order)") { statement in
      var samples: [Sample] = []
      while try statement.step() { samples.append(try statement.row(Sample.self)) }
      return samples
    }
  }

  @Test(
    "rows of any number come out as they went in, by their number and by each index",
    arguments: [0, 1, 2, 3, 40, 117, 118, 119, 120, 290, 5_000, 90_000])
  func counts(_ count: Int) throws {
    var random = Seeded(UInt64(count))
    let samples = (0..<count).map { number in
      var sample = Sample()
      (sample.id, sample.usn) = (Int64(number * 3) - 50, Int64(number % 7))
      (sample.text, sample.owner) = (Text("note \(number)"), Int64.random(in: -300...70_000, using: &random))
      return sample
    }
    try fill(samples, keysInMemory: 10_000)
    #expect(try faults() == "ok")
    #expect(try stored("ORDER BY id") == samples)
    let byUSN = samples.sorted { ($0.usn, $0.id) < ($1.usn, $1.id) }
    #expect(try stored("INDEXED BY by_usn WHERE usn >= 0 ORDER BY usn, id") == byUSN)
    let byOwner = samples.sorted { ($0.owner, $0.id) < ($1.owner, $1.id) }
    #expect(try stored("INDEXED BY by_owner WHERE owner > -400 ORDER BY owner, id") == byOwner)
  }

  @Test("a row of any length comes out as it went in", arguments: 0..<8)
  func lengths(_ page: Int) throws {
    // Around the ends of a leaf and of each page of a chain, and where a record's header and its lengths grow.
    let near = [63, 64, 120, 121, 489, 4_000, 4_061, 4_096, 8_130, 8_153, 8_192, 16_384]
    let lengths = near.flatMap { ($0 - 40...$0 + 4) } + [1 << 20]
    let samples = lengths.enumerated().map { index, length in
      var sample = Sample()
      sample.id = Int64(index)
      sample.text = Text(String(repeating: "é", count: max(0, length) / 2))
      sample.data = Array(repeating: UInt8(page), count: page == 0 ? 0 : max(0, length % (page * 100)))
      return sample
    }
    try fill(samples)
    #expect(try faults() == "ok")
    #expect(try stored("ORDER BY id") == samples)
  }

  @Test("numbers of every width keep their value and their type")
  func numbers() throws {
    let edges = (0..<63).flatMap { bit in
      let power = Int64(1) << bit
      return [power - 1, power, power + 1, -power, -power - 1, -power + 1]
    }
    let samples = Set(edges + [.min, .max]).sorted().map { number in
      var sample = Sample()
      (sample.id, sample.usn, sample.owner) = (number, number, ~number)
      return sample
    }
    try fill(samples)
    #expect(try faults() == "ok")
    #expect(try stored("ORDER BY id") == samples)
    #expect(try file.number("SELECT count(*) FROM samples WHERE typeof(usn) <> 'integer'") == 0)
  }

  @Test("keys that come sorted, backwards, mixed or all alike are put in order", arguments: [1, 2, 7, 100, 4_096])
  func sorting(_ keysInMemory: Int) throws {
    var random = Seeded(7)
    let orders: [(Int64) -> Int64] = [
      { $0 }, { -$0 }, { _ in 5 }, { $0 % 10 }, { _ in .random(in: .min ... .max, using: &random) },
    ]
    for order in orders {
      try file.execute("DELETE FROM samples")
      let samples = (1...3_000).map { number in
        var sample = Sample()
        (sample.id, sample.usn) = (Int64(number), order(Int64(number)))
        return sample
      }
      try fill(samples, keysInMemory: keysInMemory)
      #expect(try faults() == "ok")
      #expect(
        try stored("ORDER BY usn, id").map(\.id) == samples.sorted { ($0.usn, $0.id) < ($1.usn, $1.id) }.map(\.id))
    }
  }

  @Test("SQLite goes on with the pages: rows come, change and go")
  func goingOn() throws {
    try fill((1...20_000).map(sample))
    try file.execute(
      """
      INSERT INTO samples SELECT id + 20000, usn, text || text, owner, data FROM samples;
      UPDATE samples SET owner = -owner, text = hex(text) WHERE id % 3 = 0;
      DELETE FROM samples WHERE id % 2 = 1;
      """)
    #expect(try faults() == "ok")
    #expect(try file.number("SELECT count(*) FROM samples") == 20_000)
    try file.execute("VACUUM")
    #expect(try faults() == "ok")
  }

  @Test("another connection, and the one that was open, see the rows")
  func otherConnections() throws {
    let other = try SQLiteConnection(path: file.path, .readWrite)
    #expect(try other.number("SELECT count(*) FROM samples") == 0)
    try fill((1...500).map(sample))
    #expect(try other.number("SELECT count(*) FROM samples") == 500)
    #expect(try file.number("SELECT count(*) FROM samples") == 500)
  }

  @Test("a number that is not larger than the last one is not added")
  func order() throws {
    let filler = try TableFiller("samples", in: file)
    for (number, isTaken) in [(5, true), (5, false), (4, false), (6, true)] as [(Int64, Bool)] {
      var sample = sample(number)
      #expect(try filler.append(&sample) == isTaken)
    }
    try filler.finish()
    #expect(try stored().map(\.id) == [5, 6])
  }

  @Test("what was not finished is not there, and the file is as sound as before")
  func unfinished() throws {
    do {
      let filler = try TableFiller("samples", in: file)
      for number in 1...5_000 {
        var sample = sample(Int64(number))
        _ = try filler.append(&sample)
      }
    }
    #expect(try faults() == "ok")
    #expect(try stored().isEmpty)
    try fill((1...10).map(sample))
    #expect(try faults() == "ok")
  }

  @Test("a file does not grow beyond its largest size")
  func limit() throws {
    try file.execute("PRAGMA max_page_count = 40")
    let filler = try TableFiller("samples", in: file)
    #expect(throws: StorageError.self) {
      for number in 1...50_000 {
        var sample = sample(Int64(number))
        _ = try filler.append(&sample)
      }
    }
  }

  @Test("a NUL in a text is refused")
  func nul() throws {
    let filler = try TableFiller("samples", in: file)
    var sample = sample(1)
    sample.text = "a\0b"
    #expect(throws: StorageError(.invalid, "a NUL in the text of column text")) { try filler.append(&sample) }
  }

  @Test(
    "tables and files of another shape are refused",
    arguments: [
      "CREATE TABLE other (id INTEGER PRIMARY KEY, a TEXT, b TEXT); CREATE INDEX two ON other (a, b)",
      "CREATE TABLE other (id INTEGER PRIMARY KEY, a INTEGER); CREATE UNIQUE INDEX one ON other (a)",
      "CREATE TABLE other (id INTEGER PRIMARY KEY, a INTEGER); CREATE INDEX part ON other (a) WHERE a > 0",
      "CREATE TABLE other (id INTEGER PRIMARY KEY, a INTEGER); CREATE INDEX whole ON other (a + 1)",
      "CREATE TABLE other (id INTEGER PRIMARY KEY); INSERT INTO other VALUES (1)",
      "CREATE TABLE another (id INTEGER PRIMARY KEY)",
      "DROP TABLE samples; PRAGMA page_size = 8192; VACUUM; CREATE TABLE other (id INTEGER PRIMARY KEY)",
      "DROP TABLE samples; PRAGMA auto_vacuum = 1; VACUUM; CREATE TABLE other (id INTEGER PRIMARY KEY)",
    ])
  func otherShapes(_ sql: String) throws {
    try file.execute(sql)
    #expect(throws: StorageError.self) { try TableFiller("other", in: file) }
  }

  @Test("the page on which SQLite's locks lie stays free")
  func lockPage() throws {
    // A file of almost 1 GiB, most of it a hole; two rows of a megabyte each lead across the page.
    let pages = UInt32(1 << 30 / 4_096 - 100)
    let handle = try #require(FileHandle(forUpdatingAtPath: file.path))
    try handle.truncate(atOffset: UInt64(pages) * 4_096)
    try handle.seek(toOffset: 28)
    try handle.write(contentsOf: withUnsafeBytes(of: pages.bigEndian) { Data($0) })
    try handle.close()
    let samples = (1...2 as ClosedRange<Int64>).map { number in
      var sample = sample(number)
      sample.data = Array(repeating: UInt8(number), count: 1 << 20)
      return sample
    }
    try fill(samples)
    #expect(try stored() == samples)
    let bytes = try #require(FileHandle(forReadingAtPath: file.path))
    try bytes.seek(toOffset: 1 << 30)
    #expect(try bytes.read(upToCount: 4_096)?.allSatisfy { $0 == 0 } == true)
    #expect(try bytes.seekToEnd() > 1 << 30 + 1 << 20)
  }

  private func sample(_ number: Int64) -> Sample {
    var sample = Sample()
    (sample.id, sample.usn, sample.owner) = (number, number % 5, number % 11)
    sample.text = Text(String(repeating: "x", count: Int(number % 300)))
    return sample
  }
}

/// Numbers that are the same in every run.
private struct Seeded: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed &* 2 &+ 1 }

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state ^ state >> 29
  }
}

/// Texts that read as numbers become numbers in a column that was declared `integer`, exactly as SQLite has it.
@Suite struct NumericAffinityTests {
  @Test("a sort field is kept as SQLite keeps it")
  func affinity() throws {
    let scratch = try Scratch()
    let file = try SQLiteConnection(path: scratch.path(), .readWriteCreate)
    try file.execute(
      "CREATE TABLE ours (id INTEGER PRIMARY KEY, v INTEGER); CREATE TABLE theirs (id INTEGER PRIMARY KEY, v INTEGER)")
    let texts = [
      "", "a", "1", "0", "-1", "+7", "007", " 12 ", "\t3\n", "1.0", "1.5", ".5", "5.", "1e3", "1e400", "-.5e-3", "0x10",
      "12abc", "1 2", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "1e18", "--1", "+", "-",
      ".",
      "inf", "nan", "\u{A0}5", "١", "1_000", "1,5", "4.0000000000000000001", "123456789012345678901234567890",
    ]
    let affinity = try NumericAffinity()
    let filler = try TableFiller("ours", in: file)
    for (index, text) in texts.enumerated() {
      var number = Int64(index)
      #expect(
        try filler.append { columns in
          try columns.integer("id", &number)
          try affinity.write(text, "v", to: &columns)
        })
      try file.statement("INSERT INTO theirs VALUES (?, ?)") { statement in
        try statement.bind(number, at: 1)
        try statement.bind(Text(text), at: 2)
        try statement.run()
      }
    }
    try filler.finish()
    let differing = """
      SELECT count(*) FROM ours JOIN theirs USING (id)
      WHERE ours.v IS NOT theirs.v OR typeof(ours.v) IS NOT typeof(theirs.v)
      """
    #expect(try file.number(differing) == 0)
    #expect(try file.number("SELECT count(*) FROM ours") == Int64(texts.count))
  }
}
