/// The one row of a user's schema: which generation of the collection is current, and the media counters.
public struct User: Row {
  public static let table = Table(of: User.self, "user_state")

  public var id: Int64 = 1
  /// 0 while there is no collection.
  public var generation: Int64 = 0
  /// The highest generation number ever given.
  public var lastGeneration: Int64 = 0
  /// Milliseconds since 1970: `scm` of the collection before there is one (sync-protocol.md 6.2).
  public var created: Int64 = 0
  /// One more with every media file that changes.
  public var mediaUSN: Int64 = 0
  /// Media files that are not deleted, and their bytes: kept, never counted.
  public var mediaCount: Int64 = 0
  public var mediaBytes: Int64 = 0

  public init() {}
  public var key: Int64 { id }

  public mutating func columns(_ visitor: inout some ColumnVisitor) throws {
    try visitor.integer("id", &id)
    try visitor.integer("generation", &generation)
    try visitor.integer("last_generation", &lastGeneration)
    try visitor.integer("created", &created)
    try visitor.integer("media_usn", &mediaUSN)
    try visitor.integer("media_count", &mediaCount)
    try visitor.integer("media_bytes", &mediaBytes)
  }
}

/// One state of a user's collection between two full syncs (DESIGN, "Full upload, crash by crash").
public struct Generation: Row {
  public static let table = Table(of: Generation.self, "generation")

  public enum State: Int64, Sendable {
    /// Being filled; dropped when its lease runs out.
    case loading = 0
    case current = 1
    /// Replaced; its schema is still there.
    case sealed = 2
    /// Replaced, and kept as a file, whose parts are ``GenerationPart``s.
    case kept = 3
  }

  public var number: Int64 = 0
  public var stateNumber: Int64 = 0
  /// Milliseconds since 1970: when it was made, and when it was replaced (0 if it was not).
  public var created: Int64 = 0
  public var replaced: Int64 = 0
  /// What made it: the client's version for an upload, `restore of N`, `new`.
  public var origin = Text()
  /// The process that loads it, and until when it may (milliseconds since 1970).
  public var instance = Text()
  public var lease: Int64 = 0
  public var notes: Int64 = 0
  public var cards: Int64 = 0
  public var reviews: Int64 = 0
  /// Bytes of the kept file.
  public var size: Int64 = 0

  public init() {}
  public var key: Int64 { number }
  public var state: State {
    get { State(rawValue: stateNumber) ?? .sealed }
    set { stateNumber = newValue.rawValue }
  }

  public mutating func columns(_ visitor: inout some ColumnVisitor) throws {
    try visitor.integer("number", &number)
    try visitor.integer("state", &stateNumber)
    try visitor.integer("created", &created)
    try visitor.integer("replaced", &replaced)
    try visitor.text("origin", &origin)
    try visitor.text("instance", &instance)
    try visitor.integer("lease", &lease)
    try visitor.integer("notes", &notes)
    try visitor.integer("cards", &cards)
    try visitor.integer("reviews", &reviews)
    try visitor.integer("size", &size)
  }
}

/// How a sync that went wrong ended: which rule, which object, both counts; never content.
public struct SyncOutcome: Row {
  public static let table = Table(of: SyncOutcome.self, "sync_outcome")

  /// Milliseconds since 1970, bumped until free.
  public var at: Int64 = 0
  public var client = Text()
  public var outcome = Text()
  public var cause = Text()

  public init() {}
  public var key: Int64 { at }

  public mutating func columns(_ visitor: inout some ColumnVisitor) throws {
    try visitor.integer("at", &at)
    try visitor.text("client", &client)
    try visitor.text("outcome", &outcome)
    try visitor.text("cause", &cause)
  }
}
