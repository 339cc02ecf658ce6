/// A notetype without its fields and templates, which are rows of their own.
public struct Notetype: ChangeTracked {
  public static let table = Table(of: Notetype.self, "notetypes", indexes: [.usn])

  public var id: Int64 = 0
  /// Unique under unicase.
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

/// A field of a notetype, at its position.
public struct Field: Row {
  public static let table = Table(of: Field.self, "fields", owner: "ntid")

  public var ntid: Int64 = 0
  public var ord: Int64 = 0
  public var name = Text()
  public var config: [UInt8] = []

  public init() {}
  public var key: PairKey { PairKey(ntid, ord) }

  public mutating func columns(_ visitor: inout some ColumnVisitor) throws {
    try visitor.integer("ntid", &ntid)
    try visitor.integer("ord", &ord)
    try visitor.text("name", &name)
    try visitor.blob("config", &config)
  }
}

/// A card template of a notetype, at its position.
public struct Template: Row {
  public static let table = Table(of: Template.self, "templates", owner: "ntid")

  public var ntid: Int64 = 0
  public var ord: Int64 = 0
  public var name = Text()
  /// Zero in practice; never sent in a sync (collection-format.md 3).
  public var mtime: Int64 = 0
  public var usn: Int64 = 0
  public var config: [UInt8] = []

  public init() {}
  public var key: PairKey { PairKey(ntid, ord) }

  public mutating func columns(_ visitor: inout some ColumnVisitor) throws {
    try visitor.integer("ntid", &ntid)
    try visitor.integer("ord", &ord)
    try visitor.text("name", &name)
    try visitor.integer("mtime_secs", &mtime)
    try visitor.integer("usn", &usn)
    try visitor.blob("config", &config)
  }
}
