/// A collection's counters beside its rows (DESIGN, "A sync"): every change keeps them in step, so they differ only
/// where somebody else has changed rows, or where we have erred.
public struct Recount: Sendable, Equatable {
  /// A counter that is not what the rows say.
  public struct Difference: Sendable, Equatable, CustomStringConvertible {
    public var counter: String
    public var kept: Int64
    public var counted: Int64
    public var description: String { "\(counter) \(kept) instead of \(counted)" }
  }

  private let kept: Col
  private let counted: Col

  /// Reads every row.
  public init(_ rows: any RowReader) throws {
    kept = try rows.col()
    var counter = Counter(rows, kept)
    try counter.run()
    counted = counter.col
  }

  public var differences: [Difference] {
    let ofRows = Counter.names.map { kind, name in
      Difference(counter: name, kept: kept.counts[kind], counted: counted.counts[kind])
    }
    let ofChanges = Counter.names.map { kind, name in
      Difference(counter: "usn of \(name)", kept: kept.highest[kind], counted: counted.highest[kind])
    }
    let buried = Difference(counter: "buried cards", kept: kept.buried, counted: counted.buried)
    return (ofRows + ofChanges + [buried]).filter { $0.kept != $0.counted }
  }

  /// Counts anew and keeps what was counted.
  /// - Returns: what differed.
  public static func repair(_ rows: any RowStore) throws -> [Difference] {
    let recount = try Recount(rows)
    if recount.kept != recount.counted { try rows.upsert([recount.counted]) }
    return recount.differences
  }
}

private struct Counter {
  static let names: [(ObjectKind, String)] = [
    (.card, "cards"), (.note, "notes"), (.deck, "decks"), (.review, "reviews"), (.notetype, "notetypes"),
    (.deckConfig, "deck options"), (.tag, "tags"), (.config, "configuration"), (.grave, "graves"),
  ]

  private let rows: any RowReader
  private(set) var col: Col

  init(_ rows: any RowReader, _ col: Col) { (self.rows, self.col) = (rows, col) }

  mutating func run() throws {
    var buried: Int64 = 0
    try tally(Card.self, .card) { if $0.isBuried { buried += 1 } }
    col.buried = buried
    try tally(Note.self, .note)
    try tally(Deck.self, .deck)
    try tally(Review.self, .review)
    try tally(Notetype.self, .notetype)
    try tally(DeckConfig.self, .deckConfig)
    try tally(Tag.self, .tag)
    try tally(ConfigEntry.self, .config)
    try tally(Grave.self, .grave)
  }

  /// The highest usn may be that of a row that was deleted since.
  private mutating func tally<R: ChangeTracked>(
    _ type: R.Type, _ kind: ObjectKind, _ look: (R) -> Void = { _ in }
  ) throws {
    var (count, highest) = (Int64(0), col.highest[kind])
    try rows.scan(type) { row in
      count += 1
      highest = max(highest, row.usn)
      look(row)
    }
    (col.counts[kind], col.highest[kind]) = (count, highest)
  }
}
