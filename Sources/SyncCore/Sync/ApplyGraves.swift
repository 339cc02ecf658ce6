extension SyncCall {
  /// Deletes what the client has deleted; nothing cascades (sync-protocol.md 6.4).
  public func applyGraves(_ graves: Graves) throws {
    var staging = try running()
    staging.session.isSane = false
    try apply(graves, to: &staging)
    try staging.save()
  }

  func apply(_ graves: Graves, to staging: inout Staging) throws {
    try bury(Card.self, .card, graves.cards, in: &staging) { staging, cards in
      staging.session.buriedDelta -= Int64(cards.count(where: \.isBuried))
    }
    try bury(Note.self, .note, graves.notes, in: &staging)
    try bury(Deck.self, .deck, graves.decks, in: &staging)
  }

  private func bury<R: Stageable>(
    _ type: R.Type, _ kind: ObjectKind, _ ids: [Int64], in staging: inout Staging,
    counting: (inout Staging, [R]) -> Void = { _, _ in }
  ) throws where R.Key == Int64 {
    for batch in Set(ids).sorted().batches(of: 500) {
      let present = try staging.rows(R.self, batch)
      try staging.bury(R.self, present.keys.sorted())
      counting(&staging, Array(present.values))

      // A grave that is there already is dug anew, else the devices that saw it once never hear of it again (H-7).
      let graves = batch.map { Grave(kind, $0, usn: staging.session.serverUSN) }
      let known = try staging.rows(Grave.self, graves.map(\.key))
      try staging.put(graves, added: graves.count - known.count)
    }
  }
}

extension Array {
  /// The array in pieces of at most `size`.
  func batches(of size: Int) -> [[Element]] {
    stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
  }
}
