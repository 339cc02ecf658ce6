/// One entry of the review log (`revlog`); rows are only ever added (sync-protocol.md 6.7).
public struct Review: ChangeTracked {
  public static let table = Table(of: Review.self, "revlog", indexes: [.usn], isLarge: true)

  /// Milliseconds since 1970 of the review.
  public var id: Int64 = 0
  public var cid: Int64 = 0
  public var usn: Int64 = 0
  /// The button, 1 to 4; 0 for a manual change.
  public var ease: Int64 = 0
  /// Above zero days, below zero seconds.
  public var ivl: Int64 = 0
  public var lastIvl: Int64 = 0
  public var factor: Int64 = 0
  /// Milliseconds taken.
  public var time: Int64 = 0
  public var type: Int64 = 0

  public init() {}
  public var key: Int64 { id }

  public mutating func columns(_ visitor: inout some ColumnVisitor) throws {
    try visitor.integer("id", &id)
    try visitor.integer("cid", &cid)
    try visitor.integer("usn", &usn)
    try visitor.integer("ease", &ease)
    try visitor.integer("ivl", &ivl)
    try visitor.integer("lastIvl", &lastIvl)
    try visitor.integer("factor", &factor)
    try visitor.integer("time", &time)
    try visitor.integer("type", &type)
  }
}
