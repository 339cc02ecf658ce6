public import SyncCore

extension Legacy {
  /// Writes a deck (collection-format.md 6.1).
  /// - Throws: `invalid` where its messages cannot be read.
  public static func json(of deck: Deck) throws(SyncError) -> JSONObject {
    let common: ProtoDeckCommon = try Blobs.decode(deck.common, "deck", deck.id)
    let kind: ProtoDeckKind = try Blobs.decode(deck.kind, "deck", deck.id)
    let other = JSONObject(other: common.other)
    var object = shared(deck, common)
    switch kind.kind {
    case .normal(let normal):
      object["desc"] = .string(normal.description_p)
      if normal.markdownDescription { object["md"] = .bool(true) }
      object.fill(from: json(of: normal))
    case .filtered(let filtered):
      object["desc"] = other["desc"] ?? .string("")
      object["dyn"] = .int(1)
      object.fill(from: json(of: filtered))
      if let separate = other["separate"] { object["separate"] = separate }
    case nil:
      throw Blobs.refusal("deck", deck.id)
    }
    object.fill(from: other)
    return object
  }

  private static func shared(_ deck: Deck, _ common: ProtoDeckCommon) -> JSONObject {
    let today = { (amount: Int32) in JSONValue.array([.int(Int64(common.lastDayStudied)), .int(Int64(amount))]) }
    return [
      "id": .int(deck.id),
      "mod": .int(deck.mtime),
      "name": .string(DeckName.human(deck.name)),
      "usn": .int(deck.usn),
      "lrnToday": today(common.learningStudied),
      "revToday": today(common.reviewStudied),
      "newToday": today(common.newStudied),
      "timeToday": today(common.millisecondsStudied),
      "collapsed": .bool(common.studyCollapsed),
      "browserCollapsed": .bool(common.browserCollapsed),
      "desc": .string(""),
      "dyn": .int(0),
    ]
  }

  private static func json(of deck: ProtoNormalDeck) -> JSONObject {
    [
      "conf": .int(deck.configID),
      "extendNew": .int(Int64(deck.extendNew)),
      "extendRev": .int(Int64(deck.extendReview)),
      "reviewLimit": .optionalInt(deck.hasReviewLimit ? deck.reviewLimit : nil),
      "newLimit": .optionalInt(deck.hasNewLimit ? deck.newLimit : nil),
      "reviewLimitToday": deck.hasReviewLimitToday ? json(of: deck.reviewLimitToday) : .null,
      "newLimitToday": deck.hasNewLimitToday ? json(of: deck.newLimitToday) : .null,
      "desiredRetention": .optionalInt(deck.hasDesiredRetention ? deck.desiredRetention.scaled(by: 100) : nil),
    ]
  }

  private static func json(of limit: ProtoDayLimit) -> JSONValue {
    .object(["limit": .int(Int64(limit.limit)), "today": .int(Int64(limit.today))])
  }

  private static func json(of deck: ProtoFilteredDeck) -> JSONObject {
    [
      "resched": .bool(deck.reschedule),
      "terms": .array(
        deck.searchTerms.map { .array([.string($0.search), .int(Int64($0.limit)), .int(Int64($0.order))]) }),
      "separate": .bool(true),
      "delays": deck.delays.isEmpty ? .null : .floats(deck.delays),
      "previewDelay": .int(Int64(deck.previewDelay)),
      "previewAgainSecs": .int(Int64(deck.previewAgainSecs)),
      "previewHardSecs": .int(Int64(deck.previewHardSecs)),
      "previewGoodSecs": .int(Int64(deck.previewGoodSecs)),
    ]
  }
}

extension Float {
  /// The integer that was divided by `factor` to give this value, where there is one: truncating, as clients do, loses
  /// one of 53 percent and of an ease of 2001. Otherwise the truncated product; NaN gives 0.
  func scaled(by factor: Float) -> Int64 {
    let product = self * factor
    guard let nearest = Int64(exactly: product.rounded()) else { return 0 }
    return Float(nearest) / factor == self ? nearest : Int64(product)
  }
}
