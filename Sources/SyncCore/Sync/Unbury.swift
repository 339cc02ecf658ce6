extension SyncCall {
  /// In a new day, cards that were buried come back (derived-values.md 5). Stamps stay as they are, and abort does not
  /// undo it: every peer does the same for itself.
  func unbury(_ col: inout Col) throws {
    let names: [Text] = ["schedVer", "rollover", "creationOffset", "localOffset", "lastUnburied"]
    var config: [Text: ConfigEntry] = [:]
    for entry in try store.fetch(ConfigEntry.self, .keys(names)) { config[entry.name] = entry }
    func number(_ name: Text) -> Int64? { config[name].flatMap { ConfigValue.integer($0.value) } }

    let today = Scheduling.dayNumber(
      crt: col.crt, now: caller.seconds, schedulerVersion: number("schedVer") ?? 1, rollover: number("rollover"),
      creationOffset: number("creationOffset"), localOffset: number("localOffset"))
    guard Scheduling.needsUnbury(lastUnburied: number("lastUnburied") ?? 0, today: today) else { return }

    if col.buried > 0 { try unburyCards() }
    col.buried = 0
    var entry = config["lastUnburied"] ?? ConfigEntry("lastUnburied", "")
    if config["lastUnburied"] == nil { col.counts[.config] += 1 }
    entry.value = Text(String(today))
    try store.upsert([entry])
  }

  private func unburyCards() throws {
    var buried: [Card] = []
    try store.scan(Card.self) { card in
      guard card.isBuried else { return }
      buried.append(card)
      Scheduling.unbury(&buried[buried.count - 1])
    }
    try store.upsert(buried)
  }
}
