/// The running sync of a collection, between `start` and `finish` (DESIGN, "A sync"). At most one row.
public struct Session: Row {
  public static let table = Table(of: Session.self, "session", isVolatile: true)

  public var id: Int64 = 1
  /// Taken from ``Col/session``; staged rows carry it, so those of an older session are dead.
  public var number: Int64 = 0
  /// SHA-256 of the session key `s`, and of the host key that started the sync (sync-protocol.md, H-12).
  public var sessionDigest: [UInt8] = []
  public var hostKeyDigest: [UInt8] = []
  /// As the client gave it, for the merge rules that depend on it (H-9).
  public var client = Text()
  public var serverUSN: Int64 = 0
  public var clientUSN: Int64 = 0
  public var clientIsNewer = false
  /// Whether the last `sanityCheck2` answered `ok` and nothing was applied since.
  public var isSane = false
  /// Whether the client sent a whole new configuration.
  public var replacesConfig = false
  /// The creation stamp that the client sent; nil is kept as -1.
  public var crt: Int64 = -1
  /// How many rows are staged: none means that base rows are the truth.
  public var staged: Int64 = 0
  /// What the staged rows add to the counts of ``Col``.
  public var deltas = Counts()
  public var buriedDelta: Int64 = 0
  /// Where `chunk` stands in each table, as (usn, id) of the last row it looked at.
  public var reviewCursor = ChangeCursor<Int64>()
  public var cardCursor = ChangeCursor<Int64>()
  public var noteCursor = ChangeCursor<Int64>()
  /// Milliseconds since 1970 after which the session is dead if nobody calls.
  public var expires: Int64 = 0

  public init() {}
  public var key: Int64 { id }

  public mutating func columns(_ visitor: inout some ColumnVisitor) throws {
    try visitor.integer("id", &id)
    try visitor.integer("number", &number)
    try visitor.blob("session_digest", &sessionDigest)
    try visitor.blob("host_key_digest", &hostKeyDigest)
    try visitor.text("client", &client)
    try visitor.integer("server_usn", &serverUSN)
    try visitor.integer("client_usn", &clientUSN)
    try visitor.flag("client_is_newer", &clientIsNewer)
    try visitor.flag("is_sane", &isSane)
    try visitor.flag("replaces_config", &replacesConfig)
    try visitor.integer("crt", &crt)
    try visitor.integer("staged", &staged)
    try deltas.columns(&visitor, Counts.deltaNames)
    try visitor.integer("buried_delta", &buriedDelta)
    try visitor.integer("revlog_cursor_usn", &reviewCursor.usn)
    try visitor.integer("revlog_cursor", &reviewCursor.key)
    try visitor.integer("cards_cursor_usn", &cardCursor.usn)
    try visitor.integer("cards_cursor", &cardCursor.key)
    try visitor.integer("notes_cursor_usn", &noteCursor.usn)
    try visitor.integer("notes_cursor", &noteCursor.key)
    try visitor.integer("expires", &expires)
  }
}

/// The outcome of one object in a session that is not finished: its new row, or that it is buried.
public struct Staged: Row {
  public static let table = Table(of: Staged.self, "staged", owner: "session", isVolatile: true)

  public var id = StagedKey()
  /// The row as ``RowBytes`` writes it; empty where the object is buried.
  public var row: [UInt8] = []

  public init() {}
  public init(_ id: StagedKey, _ row: [UInt8]) { (self.id, self.row) = (id, row) }
  public var key: StagedKey { id }
  public var isBuried: Bool { row.isEmpty }

  public mutating func columns(_ visitor: inout some ColumnVisitor) throws {
    try id.columns(&visitor, ["session", "kind", "object"])
    try visitor.blob("data", &row)
  }
}

/// Names a staged object: the session's number, the table, and the object's key as order-preserving bytes.
public struct StagedKey: RowKey {
  public var session: Int64 = 0
  /// ``StagedKind``'s raw value.
  public var kind: Int64 = 0
  public var object = Text()

  public init() {}
  public init(session: Int64, kind: Int64, object: Text) {
    (self.session, self.kind, self.object) = (session, kind, object)
  }

  public static func < (a: StagedKey, b: StagedKey) -> Bool {
    (a.session, a.kind, a.object) < (b.session, b.kind, b.object)
  }
  public mutating func columns(_ visitor: inout some ColumnVisitor, _ names: [StaticString]) throws {
    try visitor.integer(names[0], &session)
    try visitor.integer(names[1], &kind)
    try visitor.text(names[2], &object)
  }
}
