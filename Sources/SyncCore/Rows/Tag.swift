/// An entry of the tag list.
public struct Tag: ChangeTracked {
  public static let table = Table(of: Tag.self, "tags", indexes: [.usn])

  /// The name folded by unicase (derived-values.md 8.2): names that differ only in case share one row.
  public var folded = Text()
  public var name = Text()
  public var usn: Int64 = 0
  public var collapsed = false
  /// The client's protobuf message, byte for byte; empty if there is none.
  public var config: [UInt8] = []

  public init() {}
  public init(_ name: Text, usn: Int64, collapsed: Bool = true) {
    (self.name, self.usn, self.collapsed) = (name, usn, collapsed)
    folded = Text(Unicase.fold(name.string))
  }
  public var key: Text { folded }

  public mutating func columns(_ visitor: inout some ColumnVisitor) throws {
    try visitor.text("folded", &folded)
    try visitor.text("tag", &name)
    try visitor.integer("usn", &usn)
    try visitor.flag("collapsed", &collapsed)
    try visitor.blob("config", &config)
  }
}

/// One key of the collection's configuration (collection-format.md 7).
public struct ConfigEntry: ChangeTracked {
  public static let table = Table(of: ConfigEntry.self, "config")

  public var name = Text()
  public var usn: Int64 = 0
  /// Seconds since 1970.
  public var mtime: Int64 = 0
  /// The value as JSON, unchanged.
  public var value = Text()

  public init() {}
  public init(_ name: Text, _ value: Text, usn: Int64 = 0, mtime: Int64 = 0) {
    (self.name, self.value, self.usn, self.mtime) = (name, value, usn, mtime)
  }
  public var key: Text { name }

  public mutating func columns(_ visitor: inout some ColumnVisitor) throws {
    // `key` and `val` are SQL words on one engine or another.
    try visitor.text("name", &name)
    try visitor.integer("usn", &usn)
    try visitor.integer("mtime_secs", &mtime)
    try visitor.text("value", &value)
  }
}
