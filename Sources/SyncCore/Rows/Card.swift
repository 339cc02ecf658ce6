/// A card; the meaning of each column is in collection-format.md 2.
public struct Card: ChangeTracked {
  public static let table = Table(of: Card.self, "cards", indexes: [.usn, .owner], owner: "nid", isLarge: true)

  public var id: Int64 = 0
  public var nid: Int64 = 0
  public var did: Int64 = 0
  public var ord: Int64 = 0
  /// Seconds since 1970 of the last change; flagging leaves it as it was (sync-protocol.md 6.7).
  public var mod: Int64 = 0
  public var usn: Int64 = 0
  public var type: Int64 = 0
  public var queue: Int64 = 0
  public var due: Int64 = 0
  public var ivl: Int64 = 0
  public var factor: Int64 = 0
  public var reps: Int64 = 0
  public var lapses: Int64 = 0
  public var left: Int64 = 0
  public var odue: Int64 = 0
  public var odid: Int64 = 0
  public var flags: Int64 = 0
  /// `""`, `"{}"` or a JSON object; kept verbatim (derived-values.md 3).
  public var data = Text()

  public init() {}
  public var key: Int64 { id }
  /// Buried by the scheduler (-2) or by the user (-3).
  public var isBuried: Bool { queue == -2 || queue == -3 }

  public mutating func columns(_ visitor: inout some ColumnVisitor) throws {
    try visitor.integer("id", &id)
    try visitor.integer("nid", &nid)
    try visitor.integer("did", &did)
    try visitor.integer("ord", &ord)
    try visitor.integer("mod", &mod)
    try visitor.integer("usn", &usn)
    try visitor.integer("type", &type)
    try visitor.integer("queue", &queue)
    try visitor.integer("due", &due)
    try visitor.integer("ivl", &ivl)
    try visitor.integer("factor", &factor)
    try visitor.integer("reps", &reps)
    try visitor.integer("lapses", &lapses)
    try visitor.integer("left", &left)
    try visitor.integer("odue", &odue)
    try visitor.integer("odid", &odid)
    try visitor.integer("flags", &flags)
    try visitor.text("data", &data)
  }
}
