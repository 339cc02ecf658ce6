/// The one row of a collection that says how it stands (`col`): its stamps, and counts that are kept, never counted.
public struct Col: Row {
  public static let table = Table(of: Col.self, "col")

  public var id: Int64 = 1
  /// Creation, seconds since 1970: day 0 of due dates.
  public var crt: Int64 = 0
  /// Milliseconds since 1970 of the last change; equal stamps mean "nothing to do".
  public var mod: Int64 = 0
  /// Milliseconds since 1970; different stamps mean a full sync.
  public var scm: Int64 = 0
  /// One more with every finished sync.
  public var usn: Int64 = 0
  /// Milliseconds since 1970 of the last sync.
  public var ls: Int64 = 0
  /// The generation that replaced this one; 0 while it is current. Set once, it seals the schema: every write to it
  /// fails as ``StorageError/Code/sealed``.
  public var successor: Int64 = 0
  /// The number of the newest sync session.
  public var session: Int64 = 0
  /// Cards that are buried, so that a new day costs nothing where there are none (derived-values.md 5).
  public var buried: Int64 = 0
  public var counts = Counts()
  /// Per kind, at least the highest `usn` of its rows: a step asks only the tables that have something to say.
  public var highest = Counts()

  public init() {}
  public var key: Int64 { id }

  public mutating func columns(_ visitor: inout some ColumnVisitor) throws {
    try visitor.integer("id", &id)
    try visitor.integer("crt", &crt)
    try visitor.integer("mod", &mod)
    try visitor.integer("scm", &scm)
    try visitor.integer("usn", &usn)
    try visitor.integer("ls", &ls)
    try visitor.integer("successor", &successor)
    try visitor.integer("session", &session)
    try visitor.integer("buried", &buried)
    try counts.columns(&visitor, Counts.countNames)
    try highest.columns(&visitor, Counts.highestNames)
  }
}

/// A number for each ``ObjectKind``.
public struct Counts: Sendable, Equatable {
  private var values = [Int64](repeating: 0, count: ObjectKind.allCases.count)

  public init() {}

  public subscript(_ kind: ObjectKind) -> Int64 {
    get { values[Int(kind.rawValue)] }
    set { values[Int(kind.rawValue)] = newValue }
  }

  /// Visits one integer column per kind, under `names` in the order of the kinds.
  public mutating func columns(_ visitor: inout some ColumnVisitor, _ names: [StaticString]) throws {
    for index in values.indices { try visitor.integer(names[index], &values[index]) }
  }

  static let countNames: [StaticString] = [
    "cards_count", "notes_count", "decks_count", "revlog_count", "notetypes_count", "deck_config_count", "tags_count",
    "config_count", "graves_count",
  ]
  static let highestNames: [StaticString] = [
    "cards_usn", "notes_usn", "decks_usn", "revlog_usn", "notetypes_usn", "deck_config_usn", "tags_usn", "config_usn",
    "graves_usn",
  ]
  static let deltaNames: [StaticString] = [
    "cards_delta", "notes_delta", "decks_delta", "revlog_delta", "notetypes_delta", "deck_config_delta", "tags_delta",
    "config_delta", "graves_delta",
  ]
}
