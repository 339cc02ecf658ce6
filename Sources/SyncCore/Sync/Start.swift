extension SyncCall {
  public enum Started: Sendable, Equatable {
    /// The deletions that this client has not heard of.
    case graves(Graves)
    /// The client knows a future of this collection: from now on every device is asked for a full sync (H-6).
    case clientIsAhead
  }

  /// Begins a sync; an older one of this collection ends (sync-protocol.md 6.3).
  public func start(_ request: StartRequest) throws -> Started {
    var col = try store.col()
    let replaced = try store.first(Session.self, 1)
    guard request.minUSN <= col.usn else {
      col.mod = max(caller.now, col.mod + 1)
      col.scm = max(caller.now, col.scm + 1)
      try store.upsert([col])
      if let replaced { try end(replaced) }
      return .clientIsAhead
    }
    try unbury(&col)
    col.session += 1
    try store.upsert([col])
    if let replaced { try forget(replaced) }
    var staging = Staging(store: store, col: col, session: session(request, col))
    let graves = try pendingGraves(staging)
    try apply(request.graves, to: &staging)
    try staging.save()
    return .graves(graves)
  }

  private func session(_ request: StartRequest, _ col: Col) -> Session {
    var session = Session()
    session.number = col.session
    session.sessionDigest = caller.session
    session.hostKeyDigest = caller.hostKey
    session.client = caller.client
    session.serverUSN = col.usn
    session.clientUSN = request.minUSN
    session.clientIsNewer = request.clientIsNewer
    session.expires = caller.now + patience
    return session
  }

  private func pendingGraves(_ staging: Staging) throws -> Graves {
    var graves = Graves()
    guard staging.isPending(staging.col.highest[.grave]) else { return graves }
    var cursor: ChangeCursor<PairKey>?
    while true {
      let page = try store.fetch(
        Grave.self, .changed(since: staging.session.clientUSN, after: cursor, limit: 1000))
      for grave in page {
        switch ObjectKind(rawValue: grave.type) {
        case .card: graves.cards.append(grave.oid)
        case .note: graves.notes.append(grave.oid)
        case .deck: graves.decks.append(grave.oid)
        default: continue
        }
      }
      guard page.count == 1000, let last = page.last else { return graves }
      cursor = ChangeCursor(usn: last.usn, key: last.key)
    }
  }
}
