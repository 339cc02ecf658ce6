import SQLiteFile
import SyncCore

/// Reads one uploaded file from its first row to its last (collection-format.md 9.4).
struct CollectionReader {
  private let file: UploadedFile
  private let sink: RowSink
  private let limits: CollectionLimits

  init(path: String, limits: CollectionLimits, sink: RowSink) throws {
    file = try UploadedFile(path: path, limits: limits, sink: sink)
    (self.limits, self.sink) = (limits, sink)
  }

  func run() throws -> CollectionSummary {
    sink.col = try stamps()
    try objects()
    try stream(Note.self, .note)
    try stream(Card.self, .card) { if $0.isBuried { sink.col.buried &+= 1 } }
    try stream(Review.self, .review)
    try graves()
    try sink.finish()
    return CollectionSummary(sink.col)
  }

  private func stamps() throws -> Col {
    var col = Col()
    try file.rows("SELECT crt, mod, scm, usn, ls FROM col") { row in
      (col.crt, col.mod, col.scm) = (row.integer(0), row.integer(1), row.integer(2))
      (col.usn, col.ls) = (max(0, row.integer(3)), row.integer(4))
    }
    // Beyond these no date lies and no client's 32-bit usn reaches; arithmetic on them stays safe.
    let dates = -(1 << 53)...(1 << 53) as ClosedRange<Int64>
    guard [col.crt, col.mod, col.scm, col.ls].allSatisfy(dates.contains), col.usn < Self.greatestUSN else {
      throw CollectionFault.damaged("a stamp in col is out of range")
    }
    return col
  }

  private func objects() throws {
    var objects = try CollectionObjects(file: file, limits: limits)
    if try objects.repairNames(usn: sink.col.usn, stamp: sink.col.mod / 1000) { sink.col.mod &+= 1 }
    for bundle in objects.notetypes { try sink.append(bundle) }
    try sink.append(objects.decks, .deck)
    try sink.append(objects.deckConfigs, .deckConfig)
    try sink.append(objects.tags, .tag)
    try sink.append(objects.config, .config)
  }

  /// Hands over the rows of a large table, a batch at a time.
  private func stream<R: ChangeTracked>(
    _ type: R.Type, _ kind: ObjectKind, _ look: (R) -> Void = { _ in }
  ) throws where R.Key == Int64 {
    var batch = RowBatch<R>(kind, sink)
    var order = KeyOrder<R>()
    let hasTexts = R.table.columns.contains { $0.kind != .integer }
    try file.rows(R.selectInKeyOrder) { statement in
      var row = try FileRow.read(type, statement)
      try order.check(row.key)
      row.usn = Self.usn(row.usn)
      look(row)
      try batch.append(row, bytes: hasTexts ? statement.payload : 0)
    }
    try batch.flush()
  }

  /// Graves had no key before version 18: of equal ones the first stays. Kinds that nobody knows are left out.
  private func graves() throws {
    var batch = RowBatch<Grave>(.grave, sink)
    var last: PairKey?
    try file.rows("SELECT type, oid, usn FROM graves ORDER BY type, oid, usn") { statement in
      var grave = try statement.row(Grave.self)
      guard 0...2 ~= grave.type, grave.key != last else { return }
      if let last, grave.key < last { throw CollectionFault.damaged("the ids of graves are no numbers") }
      last = grave.key
      grave.usn = Self.usn(grave.usn)
      try batch.append(grave)
    }
    try batch.flush()
  }

  private static let greatestUSN = Int64(Int32.max)
  /// -1 is a change that was never sent; clients hold 32 bits.
  static func usn(_ value: Int64) -> Int64 { min(max(0, value), greatestUSN) }
}

/// Rows on their way to the sink.
private struct RowBatch<R: ChangeTracked> {
  private var rows: [R] = []
  private var bytes = 0
  private let kind: ObjectKind
  private let sink: RowSink

  init(_ kind: ObjectKind, _ sink: RowSink) {
    (self.kind, self.sink) = (kind, sink)
    rows.reserveCapacity(RowSink.batchRows)
  }

  mutating func append(_ row: R, bytes weight: Int = 0) throws {
    rows.append(row)
    bytes += weight
    if rows.count >= RowSink.batchRows || bytes >= RowSink.batchBytes { try flush() }
  }

  mutating func flush() throws {
    try sink.append(rows, kind)
    rows.removeAll(keepingCapacity: true)
    bytes = 0
  }
}

/// Keys must rise: a table without a key may hold one twice, or texts that are no numbers.
struct KeyOrder<R: Row> {
  private var last: R.Key?

  mutating func check(_ key: R.Key) throws {
    if let last, key <= last { throw CollectionFault.damaged("a key twice in \(R.table.name)") }
    last = key
  }
}
