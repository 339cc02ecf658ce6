extension SyncCall {
  public struct Finished: Sendable, Equatable {
    /// Milliseconds since 1970.
    public let mod: Int64
    /// Whether staged rows are left for ``Sweep``.
    public let leavesStagedRows: Bool
  }

  /// Writes what the session staged and ends it: before this nothing happened, after it everything did
  /// (sync-protocol.md 6.9).
  public func finish() throws -> Finished {
    let staging = try running()
    guard staging.session.isSane else {
      throw SyncError(.invalid, "finish without a sanity check that was ok")
    }
    var col = staging.col
    if staging.session.replacesConfig { try store.clear(ConfigEntry.self) }
    if staging.session.staged > 0 { try writeStaged(staging.session, &col) }
    if staging.session.crt >= 0 { col.crt = staging.session.crt }
    for kind in ObjectKind.allCases { col.counts[kind] += staging.session.deltas[kind] }
    col.buried += staging.session.buriedDelta
    col.mod = max(caller.now, col.mod + 1)
    col.ls = col.mod
    col.usn = staging.session.serverUSN + 1
    try store.upsert([col])
    try store.delete(Session.self, [1])
    return Finished(mod: col.mod, leavesStagedRows: staging.session.staged > Int64(Sweep.page))
  }

  private func writeStaged(_ session: Session, _ col: inout Col) throws {
    var last = StagedKey(session: session.number, kind: -1, object: "")
    while true {
      let page = try store.fetch(Staged.self, .page(after: last, limit: Sweep.page))
        .filter { $0.id.session == session.number }
      for (kind, rows) in Dictionary(grouping: page, by: \.id.kind) {
        guard let stage = Stage(rawValue: kind) else { throw StorageError(.corrupt, "staged rows of kind \(kind)") }
        try write(rows, stage)
        if let kind = stage.kind { col.highest[kind] = max(col.highest[kind], session.serverUSN) }
      }
      // Few are deleted here and now; many are left to the sweep, outside anybody's way.
      if session.staged <= Int64(Sweep.page) { try store.delete(Staged.self, page.map(\.id)) }
      guard page.count == Sweep.page, let end = page.last else { return }
      last = end.id
    }
  }

  private func write(_ rows: [Staged], _ stage: Stage) throws {
    switch stage {
    case .card: try write(rows, Card.self)
    case .note: try write(rows, Note.self)
    case .deck: try write(rows, Deck.self)
    case .review: try write(rows, Review.self)
    case .notetype: try write(rows, Notetype.self)
    case .deckConfig: try write(rows, DeckConfig.self)
    case .tag: try write(rows, Tag.self)
    case .config: try write(rows, ConfigEntry.self)
    case .grave: try write(rows, Grave.self)
    case .field: try write(rows, Field.self)
    case .template: try write(rows, Template.self)
    }
  }

  private func write<R: Stageable>(_ staged: [Staged], _ type: R.Type) throws {
    try store.upsert(staged.filter { !$0.isBuried }.map { try RowBytes.decode(R.self, $0.row) })
    try store.delete(R.self, staged.filter(\.isBuried).compactMap { R.Key(staged: $0.id.object) })
  }
}
