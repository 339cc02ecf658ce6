extension SyncCall {
  /// Ends the session that the caller's host key began, whatever its session key; any other goes on
  /// (sync-protocol.md 6.10, H-12).
  public func abort() throws {
    guard let session = try store.first(Session.self, 1), session.hostKeyDigest == caller.hostKey else { return }
    try store.delete(Session.self, [1])
  }
}

/// What dead sessions leave behind.
public enum Sweep {
  /// Deletes some of the rows that no running session staged.
  /// - Returns: whether there may be more.
  public static func staged(_ store: any RowStore, now: Int64, limit: Int = 1000) throws -> Bool {
    var session = try store.first(Session.self, 1)
    if let expires = session?.expires, expires <= now {
      try store.delete(Session.self, [1])
      session = nil
    }
    let page = try store.fetch(Staged.self, .page(after: nil, limit: limit))
    let dead = page.map(\.id).filter { $0.session != session?.number }
    try store.delete(Staged.self, dead)
    return dead.count == limit
  }
}
