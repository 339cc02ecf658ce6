extension SyncCall {
  /// Answers with what changed here, then merges what changed there (sync-protocol.md 6.5).
  public func applyChanges(_ changes: Changes) throws -> Changes {
    var staging = try running()
    staging.session.isSane = false
    // Collected first: what the client sends must not come back to it (invariants.md D1).
    let reply = try pendingChanges(staging)
    try mergeNotetypes(changes.notetypes, into: &staging)
    try mergeDecks(changes.decks, into: &staging)
    try mergeDeckConfigs(changes.deckConfigs, into: &staging)
    try mergeTags(changes.tags, into: &staging)
    if let config = changes.config { try replaceConfig(config, in: &staging) }
    if let crt = changes.crt { staging.session.crt = crt }
    try staging.save()
    return reply
  }

  // MARK: Reply

  private func pendingChanges(_ staging: Staging) throws -> Changes {
    var reply = Changes()
    reply.notetypes = try pending(Notetype.self, .notetype, staging).map(bundle)
    let decks = try pending(Deck.self, .deck, staging)
    let buried = Set(try staging.staged(Deck.self, decks.map(\.key)).filter { $0.1 == nil }.map(\.0))
    reply.decks = decks.filter { !buried.contains($0.key) }
    reply.deckConfigs = try pending(DeckConfig.self, .deckConfig, staging)
    reply.tags = try pending(Tag.self, .tag, staging).map(\.name)
    if !staging.session.clientIsNewer {
      reply.config = try store.fetch(ConfigEntry.self, .all)
      reply.crt = staging.col.crt
    }
    return reply
  }

  private func pending<R: ChangeTracked>(_ type: R.Type, _ kind: ObjectKind, _ staging: Staging) throws -> [R] {
    guard staging.isPending(staging.col.highest[kind]) else { return [] }
    return try store.fetch(R.self, .changed(since: staging.session.clientUSN, after: nil, limit: .max))
  }

  private func bundle(_ notetype: Notetype) throws -> NotetypeBundle {
    NotetypeBundle(
      notetype, fields: try store.fetch(Field.self, .owned(by: notetype.id)),
      templates: try store.fetch(Template.self, .owned(by: notetype.id)))
  }

  // MARK: Merge

  private func mergeDeckConfigs(_ incoming: [DeckConfig], into staging: inout Staging) throws {
    let taken = try newer(incoming, \.mtime, in: staging)
    try staging.put(taken.rows, added: taken.added)
  }

  private func mergeDecks(_ incoming: [Deck], into staging: inout Staging) throws {
    guard !incoming.isEmpty else { return }
    var taken = try newer(incoming, \.mtime, in: staging)
    var names = UniqueNames(try staging.all(Deck.self).map { ($0.id, $0.name) })
    for deck in taken.rows { names.release(deck.id) }
    for index in taken.rows.indices where names.claim(&taken.rows[index].name, for: taken.rows[index].id) {
      taken.rows[index].mtime = caller.seconds
    }
    try staging.put(taken.rows, added: taken.added)
    try exhume(.deck, taken.rows.map(\.id), in: &staging)
  }

  /// The rows that win over what the session sees, under the server's `usn` (H-8), the last of each id.
  func newer<R: Stageable & ChangeTracked>(
    _ incoming: [R], _ mtime: WritableKeyPath<R, Int64>, in staging: Staging
  ) throws -> (rows: [R], added: Int) {
    let stored = try staging.rows(R.self, incoming.map(\.key))
    let tiesToServer = ClientVersion(staging.session.client).tiesToServer
    var taken: [R.Key: R] = [:]
    for var row in incoming {
      row.usn = staging.session.serverUSN
      if let old = stored[row.key] {
        let verdict = Merge.mtime(
          stored: old[keyPath: mtime], incoming: row[keyPath: mtime], pending: staging.isPending(old.usn),
          tiesToServer: tiesToServer)
        guard let verdict else { continue }
        row[keyPath: mtime] = verdict
      }
      taken[row.key] = row
    }
    let rows = taken.values.sorted { $0.key < $1.key }
    return (rows, rows.count { stored[$0.key] == nil })
  }

  private func mergeTags(_ incoming: [Text], into staging: inout Staging) throws {
    guard !incoming.isEmpty else { return }
    var asked = Set<Text>()
    for name in incoming {
      let normal = TagName.normalise(name.string)
      for prefix in TagName.prefixes(normal) + [normal] { asked.insert(Text(Unicase.fold(prefix.string))) }
    }
    var known = try staging.rows(Tag.self, asked.sorted())
    var added: [Tag] = []
    for name in incoming {
      let spelling = TagName.register(name) { known[Text(Unicase.fold($0.string))]?.name }
      guard let spelling else { continue }
      let tag = Tag(spelling, usn: staging.session.serverUSN)
      known[tag.key] = tag
      added.append(tag)
    }
    try staging.put(added, added: added.count)
  }

  private func replaceConfig(_ entries: [ConfigEntry], in staging: inout Staging) throws {
    try staging.unstage(ConfigEntry.self)
    let stamped = entries.map {
      ConfigEntry($0.name, $0.value, usn: staging.session.serverUSN, mtime: caller.seconds)
    }
    staging.session.replacesConfig = true
    staging.session.deltas[.config] = -staging.col.counts[.config]
    try staging.put(stamped, added: stamped.count)
  }

  /// An object that is there again has no grave (H-11).
  func exhume(_ kind: ObjectKind, _ ids: [Int64], in staging: inout Staging) throws {
    guard staging.count(.grave) > 0, !ids.isEmpty else { return }
    let graves = try staging.rows(Grave.self, ids.map { PairKey(kind.rawValue, $0) })
    try staging.bury(Grave.self, graves.keys.sorted())
  }
}
