/// A deletion that other devices have still to hear of. One per kind and id (sync-protocol.md 6.4).
public struct Grave: ChangeTracked {
  public static let table = Table(of: Grave.self, "graves", indexes: [.usn])

  /// 0 card, 1 note, 2 deck: the numbers of ``ObjectKind``.
  public var type: Int64 = 0
  public var oid: Int64 = 0
  public var usn: Int64 = 0

  public init() {}
  public init(_ kind: ObjectKind, _ oid: Int64, usn: Int64) {
    (type, self.oid, self.usn) = (kind.rawValue, oid, usn)
  }
  public var key: PairKey { PairKey(type, oid) }

  public mutating func columns(_ visitor: inout some ColumnVisitor) throws {
    try visitor.integer("type", &type)
    try visitor.integer("oid", &oid)
    try visitor.integer("usn", &usn)
  }
}
