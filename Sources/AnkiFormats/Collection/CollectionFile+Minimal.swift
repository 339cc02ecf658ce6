public import SyncCore

extension CollectionFile {
  /// Loads what an account has that never uploaded (collection-format.md 10): one deck, its options, one notetype and
  /// the configuration.
  /// - Parameters:
  ///   - crt: seconds since 1970, the start of day 0.
  ///   - scm: milliseconds since 1970; also the notetype's id.
  public static func minimal(crt: Int64, scm: Int64, into loader: any RowLoader) throws {
    let sink = RowSink(loader)
    (sink.col.crt, sink.col.scm) = (crt, scm)
    do {
      try sink.append([try Legacy.deck(from: deck)], .deck)
      try sink.append([try Legacy.deckConfig(from: deckConfig)], .deckConfig)
      try sink.append(try Legacy.notetype(from: notetype(id: scm)))
      try sink.append(Legacy.config(from: config(notetype: scm)), .config)
      try sink.finish()
    } catch let failure as RowSink.Failure {
      throw failure.cause
    }
  }

  private static var deck: JSONObject {
    let never = JSONValue.array([.int(0), .int(0)])
    return [
      "id": .int(1), "name": .string("Default"), "mod": .int(0), "usn": .int(0), "dyn": .int(0), "conf": .int(1),
      "lrnToday": never, "revToday": never, "newToday": never, "timeToday": never, "collapsed": .bool(true),
      "browserCollapsed": .bool(true),
    ]
  }

  /// Missing groups get the defaults of collection-format.md 6.2; only what has no useful default is named.
  private static var deckConfig: JSONObject {
    let byDefault = JSONValue.object([:])
    return [
      "id": .int(1), "name": .string("Default"), "mod": .int(0), "usn": .int(0), "maxTaken": .int(60),
      "autoplay": .bool(true), "timer": .int(0), "replayq": .bool(true), "new": byDefault, "rev": byDefault,
      "lapse": byDefault, "desiredRetention": .float(0.9), "sm2Retention": .float(0.9),
      "easyDaysPercentages": .array([JSONValue](repeating: .float(1), count: 7)),
    ]
  }

  private static func notetype(id: Int64) -> JSONObject {
    let field = { (name: String) in
      JSONValue.object([
        "name": .string(name), "sticky": .bool(false), "rtl": .bool(false), "font": .string("Arial"), "size": .int(20),
      ])
    }
    let template: JSONObject = [
      "name": .string("Card 1"), "qfmt": .string("{{Front}}"),
      "afmt": .string("{{FrontSide}}\n<hr id=answer>\n{{Back}}"),
    ]
    return [
      "id": .int(id), "name": .string("Basic"), "type": .int(0), "mod": .int(0), "usn": .int(0), "sortf": .int(0),
      "did": .null, "tmpls": .array([.object(template)]), "flds": .array([field("Front"), field("Back")]),
      "css": .string(".card { font-size: 20px; text-align: center; }\n"),
      "req": .array([.array([.int(0), .string("any"), .array([.int(0)])])]),
    ]
  }

  private static func config(notetype: Int64) -> JSONObject {
    [
      "activeDecks": .array([.int(1)]), "addToCur": .bool(true), "collapseTime": .int(1200), "creationOffset": .null,
      "curDeck": .int(1), "curModel": .int(notetype), "dayLearnFirst": .bool(false), "dueCounts": .bool(true),
      "estTimes": .bool(true), "newSpread": .int(0), "nextPos": .int(1), "sched2021": .bool(true),
      "schedVer": .int(2), "sortBackwards": .bool(false), "sortType": .string("noteFld"), "timeLim": .int(0),
    ]
  }
}
