extension SyncCall {
  /// Merges the client's rows, which arrive batch by batch: `batches` hands each to its argument
  /// (sync-protocol.md 6.7).
  public func applyChunk(_ batches: ((Chunk) throws -> Void) throws -> Void) throws {
    var staging = try running()
    staging.session.isSane = false
    try batches { chunk in
      try mergeReviews(chunk.reviews, into: &staging)
      try mergeCards(chunk.cards, into: &staging)
      try mergeNotes(chunk.notes, into: &staging)
    }
    try staging.save()
  }

  private func mergeReviews(_ incoming: [Review], into staging: inout Staging) throws {
    guard !incoming.isEmpty else { return }
    let stored = try staging.rows(Review.self, incoming.map(\.id))
    var taken: [Int64: Review] = [:]
    for var review in incoming where stored[review.id] == nil && taken[review.id] == nil {
      review.usn = staging.session.serverUSN
      taken[review.id] = review
    }
    try staging.put(Array(taken.values), added: taken.count)
  }

  private func mergeCards(_ incoming: [Card], into staging: inout Staging) throws {
    let taken = try winners(incoming, \.mod, in: staging)
    let buried = taken.rows.count(where: \.isBuried) - taken.replaced.count(where: \.isBuried)
    staging.session.buriedDelta += Int64(buried)
    try staging.put(taken.rows, added: taken.added.count)
    try exhume(.card, taken.added, in: &staging)
  }

  private func mergeNotes(_ incoming: [Note], into staging: inout Staging) throws {
    guard !incoming.isEmpty else { return }
    var counts: [Int64: Int] = [:]
    let cleaned = try incoming.map { note in
      let expected = try counts[note.mid] ?? fieldCount(note.mid, in: staging)
      counts[note.mid] = expected
      return try clean(note, fields: expected, in: staging)
    }
    let taken = try winners(cleaned, \.mod, in: staging)
    try staging.put(taken.rows, added: taken.added.count)
    try exhume(.note, taken.added, in: &staging)
  }

  private func clean(_ note: Note, fields: Int, in staging: Staging) throws -> Note {
    if fields == 0, try staging.rows(Notetype.self, [note.mid]).isEmpty {
      throw SyncError(.invalid, "note \(note.id): its notetype \(note.mid) does not exist")
    }
    let count = note.flds.utf8.count { $0 == 0x1f } + 1
    guard count == max(1, fields) else {
      throw SyncError(.invalid, "note \(note.id): \(count) fields where its notetype has \(fields)")
    }
    var note = note
    note.flds = NoteText.clean(note.flds)
    note.tags = Tags.rejoined(note.tags)
    return note
  }

  /// The rows that win, those they replace, and the ids that are new. Each row is judged against the one before it
  /// with the same id.
  private func winners<R: Stageable & ChangeTracked>(
    _ incoming: [R], _ mod: KeyPath<R, Int64>, in staging: Staging
  ) throws -> (rows: [R], replaced: [R], added: [Int64]) where R.Key == Int64 {
    let stored = try staging.rows(R.self, incoming.map(\.key))
    var taken: [Int64: R] = [:]
    for var row in incoming {
      row.usn = staging.session.serverUSN
      if let old = taken[row.key] ?? stored[row.key] {
        var likeOld = row
        likeOld.usn = old.usn
        let takes = Merge.takes(
          stored: old[keyPath: mod], incoming: row[keyPath: mod], pending: staging.isPending(old.usn),
          sameContent: likeOld == old)
        guard takes else { continue }
      }
      taken[row.key] = row
    }
    let rows = taken.values.sorted { $0.key < $1.key }
    return (rows, rows.compactMap { stored[$0.key] }, rows.map(\.key).filter { stored[$0] == nil })
  }
}
