/// A note (collection-format.md 2). Sort field and checksum are computed when a file is written, never stored
/// (derived-values.md 1).
public struct Note: ChangeTracked {
  public static let table = Table(of: Note.self, "notes", indexes: [.usn], isLarge: true)

  /// Milliseconds since 1970 at creation.
  public var id: Int64 = 0
  public var guid = Text()
  /// The id of the notetype.
  public var mid: Int64 = 0
  /// Seconds since 1970 of the last change.
  public var mod: Int64 = 0
  public var usn: Int64 = 0
  /// `""`, or ` a b ` with a space at both ends.
  public var tags = Text()
  /// The fields, joined by U+001F.
  public var flds = Text()
  public var flags: Int64 = 0
  public var data = Text()

  public init() {}
  public var key: Int64 { id }

  public mutating func columns(_ visitor: inout some ColumnVisitor) throws {
    try visitor.integer("id", &id)
    try visitor.text("guid", &guid)
    try visitor.integer("mid", &mid)
    try visitor.integer("mod", &mod)
    try visitor.integer("usn", &usn)
    try visitor.text("tags", &tags)
    try visitor.text("flds", &flds)
    try visitor.integer("flags", &flags)
    try visitor.text("data", &data)
  }
}
