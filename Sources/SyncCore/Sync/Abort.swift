extension SyncCall {
  /// Ends the session that the caller's host key began, whatever its session key; any other goes on
  /// (sync-protocol.md 6.10, H-12).
  public func abort() throws {
    guard let session = try store.first(Session.self, 1), session.hostKeyDigest == caller.hostKey else { return }
    try end(session)
  }

  /// Ends the session of this call, if it is still the running one: what it staged is forgotten.
  public func fail() throws {
    guard let session = try store.first(Session.self, 1), session.sessionDigest == caller.session else { return }
    try end(session)
  }

  func end(_ session: Session) throws {
    try store.delete(Session.self, [1])
    try forget(session)
  }

  /// Deletes what a session has staged where that is little. Much is left to ``Sweep``, outside anybody's way.
  func forget(_ session: Session) throws {
    guard 1...Int64(Sweep.page) ~= session.staged else { return }
    let first = StagedKey(session: session.number, kind: -1, object: "")
    let page = try store.fetch(Staged.self, .page(after: first, limit: Sweep.page))
    try store.delete(Staged.self, page.map(\.id).filter { $0.session == session.number })
  }
}

/// What dead sessions leave behind.
public enum Sweep {
  /// How many staged rows are dealt with at once.
  static let page = 1000

  /// Deletes some of the rows that no running session staged.
  /// - Returns: whether there may be more.
  public static func staged(_ store: any RowStore, now: Int64) throws -> Bool {
    var session = try store.first(Session.self, 1)
    if let expires = session?.expires, expires <= now {
      try store.delete(Session.self, [1])
      session = nil
    }
    let rows = try store.fetch(Staged.self, .page(after: nil, limit: page))
    let dead = rows.map(\.id).filter { $0.session != session?.number }
    try store.delete(Staged.self, dead)
    return dead.count == page
  }
}
