/// A deck. `common` and `kind` are the client's protobuf messages, byte for byte (collection-format.md 3 and 4).
public struct Deck: ChangeTracked {
  public static let table = Table(of: Deck.self, "decks", indexes: [.usn])

  public var id: Int64 = 0
  /// Components joined by U+001F, normalised (derived-values.md 4); unique under unicase.
  public var name = Text()
  /// Seconds since 1970.
  public var mtime: Int64 = 0
  public var usn: Int64 = 0
  public var common: [UInt8] = []
  public var kind: [UInt8] = []

  public init() {}
  public var key: Int64 { id }

  public mutating func columns(_ visitor: inout some ColumnVisitor) throws {
    try visitor.integer("id", &id)
    try visitor.text("name", &name)
    try visitor.integer("mtime_secs", &mtime)
    try visitor.integer("usn", &usn)
    try visitor.blob("common", &common)
    try visitor.blob("kind", &kind)
  }
}

/// A group of deck options. Names are not unique (sync-protocol.md 13, trap 13).
public struct DeckConfig: ChangeTracked {
  public static let table = Table(of: DeckConfig.self, "deck_config", indexes: [.usn])

  public var id: Int64 = 0
  public var name = Text()
  /// Seconds since 1970.
  public var mtime: Int64 = 0
  public var usn: Int64 = 0
  /// The client's protobuf message, byte for byte.
  public var config: [UInt8] = []

  public init() {}
  public var key: Int64 { id }

  public mutating func columns(_ visitor: inout some ColumnVisitor) throws {
    try visitor.integer("id", &id)
    try visitor.text("name", &name)
    try visitor.integer("mtime_secs", &mtime)
    try visitor.integer("usn", &usn)
    try visitor.blob("config", &config)
  }
}
