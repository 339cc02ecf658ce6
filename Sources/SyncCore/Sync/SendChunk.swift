extension SyncCall {
  /// The next rows that this client has not seen, at most ``chunkSize`` of them (sync-protocol.md 6.6).
  public func chunk() throws -> Chunk {
    var staging = try running()
    var chunk = Chunk()
    // Base rows do not change while the session runs, so a cursor in each table is the snapshot that the protocol asks
    // for, and what the client sends meanwhile does not come back to it.
    chunk.reviews = try next(.review, &staging.session.reviewCursor, chunk.count, staging)
    chunk.cards = try next(.card, &staging.session.cardCursor, chunk.count, staging)
    chunk.notes = try next(.note, &staging.session.noteCursor, chunk.count, staging)
    chunk.done = chunk.count < Self.chunkSize
    try staging.save()
    return chunk
  }

  /// Objects per `chunk` (sync-protocol.md 9).
  public static let chunkSize = 250

  private func next<R: Stageable & ChangeTracked>(
    _ kind: ObjectKind, _ cursor: inout ChangeCursor<Int64>, _ taken: Int, _ staging: Staging
  ) throws -> [R] where R.Key == Int64 {
    guard staging.isPending(staging.col.highest[kind]) else { return [] }
    var rows: [R] = []
    while taken + rows.count < Self.chunkSize {
      let limit = Self.chunkSize - taken - rows.count
      let page = try store.fetch(
        R.self, .changed(since: staging.session.clientUSN, after: cursor, limit: limit))
      if let last = page.last { cursor = ChangeCursor(usn: last.usn, key: last.key) }
      let buried = Set(try staging.staged(R.self, page.map(\.key)).filter { $0.1 == nil }.map(\.0))
      rows += page.filter { !buried.contains($0.key) }
      if page.count < limit { break }
    }
    return rows
  }
}
