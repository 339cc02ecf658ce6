import AnkiFormats
import SyncCore
import Testing

@Suite("legacy deck options")
struct LegacyDeckConfigTests {
  let base: JSONObject

  init() throws { base = try Captured().object("dconf", named: "my conf") }

  private func converted(_ key: String, _ value: JSONValue?, in group: String? = nil) throws -> JSONObject {
    var config = base
    if let group {
      var inner = try #require(base[group]?.object)
      inner[key] = value
      config[group] = .object(inner)
    } else {
      config[key] = value
    }
    return try Legacy.json(of: Legacy.deckConfig(from: config))
  }

  @Test(
    "options without one of these keys are refused",
    arguments: ["id", "mod", "name", "usn", "maxTaken", "autoplay", "timer", "new", "rev", "lapse"])
  func required(key: String) {
    let error = #expect(throws: SyncError.self) { try converted(key, nil) }
    #expect(error?.message.contains(key) == true)
  }

  @Test(
    "ill-typed keys are refused",
    arguments: [
      ("id", .int(0)), ("maxTaken", .number("60.0")), ("autoplay", .int(1)), ("waitForAudio", .int(1)),
      ("questionAction", .int(2)), ("answerAction", .int(5)), ("fsrsWeights", .null),
      ("desiredRetention", .string("0.9")),
      ("newMix", .number("1.0")), ("replayq", .null),
    ] as [(String, JSONValue)])
  func refused(key: String, value: JSONValue) {
    #expect(throws: SyncError.self) { try converted(key, value) }
  }

  @Test(
    "missing and ill-typed keys fall back",
    arguments: [
      ("replayq", nil, .bool(false)), ("waitForAudio", nil, .bool(true)), ("timer", .bool(true), .int(0)),
      ("timer", .number("1.0"), .int(0)), ("timer", .int(7), .int(1)), ("dyn", .bool(true), .bool(false)),
      ("fsrsParams6", nil, .array([])), ("easyDaysPercentages", nil, .array([])),
      ("desiredRetention", nil, .number("0.9")),
      ("sm2Retention", nil, .number("0.9")), ("reviewOrder", .int(77), .int(77)), ("maxTaken", .int(-5), .int(60)),
      ("weightSearch", nil, .string("")), ("secondsToShowAnswer", .int(4), .number("4.0")),
    ] as [(String, JSONValue?, JSONValue)])
  func fallbacks(key: String, value: JSONValue?, expected: JSONValue) throws {
    #expect(try converted(key, value)[key] == expected)
  }

  @Test(
    "inner keys fall back alone where they may",
    arguments: [
      ("new", "delays", .null, .array([])), ("new", "ints", .array([.int(1)]), .array([.int(1), .int(4), .int(0)])),
      ("new", "ints", .array([.int(3), .int(8), .int(9)]), .array([.int(3), .int(8), .int(0)])),
      ("new", "order", .string("x"), .int(1)), ("new", "order", .int(0), .int(0)), ("new", "perDay", .int(-1), .int(0)),
      ("new", "perDay", .string("20"), .int(0)), ("new", "initialFactor", .number("2310.0"), .int(2310)),
      ("new", "bury", nil, .bool(false)), ("rev", "perDay", .number("9.5"), .int(0)),
      ("rev", "hardFactor", nil, .number("1.2")), ("lapse", "leechAction", .int(9), .int(1)),
      ("lapse", "delays", nil, .array([])),
    ] as [(String, String, JSONValue?, JSONValue)])
  func innerFallbacks(group: String, key: String, value: JSONValue?, expected: JSONValue) throws {
    let inner = try #require(try converted(key, value, in: group)[group]?.object)
    #expect(inner[key] == expected)
    #expect(inner.members.count == base[group]?.object?.members.count)
  }

  @Test(
    "an inner key that must be there makes its whole group the default, but for what is unknown",
    arguments: [
      ("new", "initialFactor", nil), ("new", "initialFactor", .int(70000)), ("new", "bury", .int(1)),
      ("rev", "ease4", .null), ("rev", "ivlFct", nil), ("rev", "maxIvl", .int(-1)), ("rev", "hardFactor", .null),
      ("lapse", "leechFails", nil), ("lapse", "minInt", .string("1")), ("lapse", "mult", nil),
    ] as [(String, String, JSONValue?)])
  func groupDefaults(group: String, key: String, value: JSONValue?) throws {
    #expect(try converted(key, value, in: group)[group]?.object == defaults(group))
  }

  @Test("a group that is no object is the default", arguments: ["new", "rev", "lapse"])
  func groupOfOtherKind(group: String) throws {
    let json = try converted(group, .null)
    #expect(json[group]?.object == defaults(group).removing(["mystery", "odd", "strange"]))
  }

  private func defaults(_ group: String) -> JSONObject {
    switch group {
    case "new":
      [
        "bury": .bool(false), "delays": .array([.number("1.0"), .number("10.0")]), "initialFactor": .int(2500),
        "ints": .array([.int(1), .int(4), .int(0)]), "order": .int(1), "perDay": .int(20),
        "mystery": .object(["a": .int(1)]),
      ]
    case "rev":
      [
        "bury": .bool(false), "ease4": .number("1.3"), "ivlFct": .number("1.0"), "maxIvl": .int(36500),
        "perDay": .int(200), "hardFactor": .number("1.2"), "odd": .array([.number("1.5"), .null]),
      ]
    default:
      [
        "delays": .array([.number("10.0")]), "leechAction": .int(1), "leechFails": .int(8), "minInt": .int(1),
        "mult": .number("0.0"), "strange": .string("é"),
      ]
    }
  }

  @Test(
    "values out of range are written as their defaults, those at its ends as they are",
    arguments: [
      ("new", "perDay", .int(9999), .int(9999)), ("new", "perDay", .int(10000), .int(20)),
      ("new", "initialFactor", .int(1310), .int(1310)), ("new", "initialFactor", .int(1300), .int(2500)),
      ("new", "initialFactor", .int(5000), .int(5000)), ("new", "initialFactor", .int(5001), .int(2500)),
      ("new", "ints", .array([.int(0), .int(36501)]), .array([.int(1), .int(4), .int(0)])),
      ("rev", "perDay", .int(10000), .int(200)), ("rev", "ease4", .int(1), .number("1.0")),
      ("rev", "ease4", .number("5.5"), .number("1.3")), ("rev", "ivlFct", .number("0.4"), .number("1.0")),
      ("rev", "hardFactor", .number("1.3"), .number("1.3")), ("rev", "hardFactor", .number("1.31"), .number("1.2")),
      ("rev", "maxIvl", .int(0), .int(36500)), ("lapse", "mult", .number("1.1"), .number("0.0")),
      ("lapse", "leechFails", .int(0), .int(8)), ("lapse", "minInt", .int(40000), .int(1)),
    ] as [(String, String, JSONValue, JSONValue)])
  func ranges(group: String, key: String, value: JSONValue, expected: JSONValue) throws {
    #expect(try converted(key, value, in: group)[group]?.object?[key] == expected)
  }

  @Test(
    "so are those of the outer keys",
    arguments: [
      ("desiredRetention", .number("0.7"), .number("0.7")), ("desiredRetention", .number("0.99"), .number("0.99")),
      ("desiredRetention", .number("0.995"), .number("0.9")), ("sm2Retention", .number("0.98"), .number("0.9")),
      ("maxTaken", .int(10000), .int(60)), ("newPerDayMinimum", .int(10000), .int(0)),
    ] as [(String, JSONValue, JSONValue)])
  func outerRanges(key: String, value: JSONValue, expected: JSONValue) throws {
    #expect(try converted(key, value)[key] == expected)
  }

  @Test("every initial ease within its range survives")
  func eases() throws {
    for ease in Int64(1310)...5000 {
      let new = try converted("initialFactor", .int(ease), in: "new")["new"]?.object
      #expect(new?["initialFactor"] == .int(ease))
    }
  }

  @Test("the initial ease can be read and set, and nothing else changes")
  func initialEase() throws {
    var config = try Legacy.deckConfig(from: base)
    #expect(try Blobs.initialEase(of: config) == 2.01)
    // An unknown field, number 300, as a newer client may write it.
    config.config += [0xE0, 0x12, 0x07]
    try Blobs.setInitialEase(2.5, of: &config)
    #expect(Array(config.config.suffix(3)) == [0xE0, 0x12, 0x07])
    var expected = base
    var new = try #require(base["new"]?.object)
    new["initialFactor"] = .int(2500)
    expected["new"] = .object(new)
    #expect(try Legacy.json(of: config) == expected)
  }
}

extension JSONObject {
  fileprivate func removing(_ keys: [String]) -> JSONObject {
    keys.reduce(into: self) { $0[$1] = nil }
  }
}
