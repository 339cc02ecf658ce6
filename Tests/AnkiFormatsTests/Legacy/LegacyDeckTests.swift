import AnkiFormats
import SyncCore
import Testing

@Suite("legacy decks")
struct LegacyDeckTests {
  let normal: JSONObject
  let filtered: JSONObject

  init() throws {
    let captured = try Captured()
    normal = try captured.object("decks", named: "Default")
    filtered = try captured.object("decks", named: "Filt")
  }

  @Test(
    "a deck without one of these keys is refused",
    arguments: ["id", "name", "usn", "lrnToday", "revToday", "newToday", "timeToday", "collapsed", "dyn", "conf"])
  func required(key: String) {
    var deck = normal
    deck[key] = nil
    let error = #expect(throws: SyncError.self) { try Legacy.deck(from: deck) }
    #expect(error?.code == .invalid)
    #expect(error?.message.contains(key) == true)
  }

  @Test("a filtered deck without these is refused", arguments: ["resched", "terms"])
  func requiredOfFiltered(key: String) {
    var deck = filtered
    deck[key] = nil
    #expect(throws: SyncError.self) { try Legacy.deck(from: deck) }
  }

  @Test(
    "ill-typed keys are refused",
    arguments: [
      ("id", .int(0)), ("id", .number("1.0")), ("mod", .number("1.5")), ("usn", .string("1")), ("name", .int(1)),
      ("lrnToday", .null), ("collapsed", .int(1)), ("browserCollapsed", .null), ("dyn", .string("0")),
      ("conf", .null), ("desc", .null), ("md", .int(1)),
    ] as [(String, JSONValue)])
  func refused(key: String, value: JSONValue) {
    var deck = normal
    deck[key] = value
    #expect(throws: SyncError.self) { try Legacy.deck(from: deck) }
  }

  @Test(
    "tolerated values are read as what they mean",
    arguments: [
      ("id", .string("77"), "id", .int(77)), ("mod", .string("5"), "mod", .int(5)), ("mod", nil, "mod", .int(0)),
      ("conf", .string("9"), "conf", .int(9)), ("browserCollapsed", nil, "browserCollapsed", .bool(false)),
      ("dyn", .bool(false), "dyn", .int(0)), ("dyn", .int(2), "dyn", .int(0)), ("desc", nil, "desc", .string("")),
      ("md", .bool(false), "md", nil), ("md", .bool(true), "md", .bool(true)),
      ("extendNew", .int(-3), "extendNew", .int(0)), ("extendRev", .string("x"), "extendRev", .int(0)),
      ("reviewLimit", .string("3"), "reviewLimit", .null), ("newLimit", .int(0), "newLimit", .int(0)),
      ("newLimitToday", .array([.int(3), .int(4)]), "newLimitToday", .object(["limit": .int(3), "today": .int(4)])),
      ("reviewLimitToday", .object(["limit": .int(3)]), "reviewLimitToday", .null),
      ("desiredRetention", .number("0.9"), "desiredRetention", .null), ("return", .int(1), "return", nil),
      ("terms", .int(5), "terms", .int(5)), ("lrnToday", .array([]), "lrnToday", .array([.int(0), .int(0)])),
    ] as [(String, JSONValue?, String, JSONValue?)])
  func tolerated(key: String, value: JSONValue?, result: String, expected: JSONValue?) throws {
    var deck = normal
    deck[key] = value
    #expect(try Legacy.json(of: Legacy.deck(from: deck))[result] == expected)
  }

  @Test(
    "tolerated values of filtered decks are read as what they mean",
    arguments: [
      ("dyn", .bool(true), "dyn", .int(1)), ("resched", .int(1), "resched", .bool(true)),
      ("resched", .string("true"), "resched", .bool(true)), ("delays", .array([]), "delays", .null),
      ("delays", .string("1"), "delays", .null), ("previewDelay", nil, "previewDelay", .int(0)),
      (
        "terms", .array([.array([.string("a"), .string("7"), .int(1)]), .array([.string("b"), .int(-1), .int(2)])]),
        "terms", .array([.array([.string("a"), .int(7), .int(1)]), .array([.string("b"), .int(0), .int(2)])])
      ),
      // What clients lose and we do not: any JSON comes back equal (invariants.md E1).
      ("desc", .string("kept"), "desc", .string("kept")), ("separate", .bool(false), "separate", .bool(false)),
      ("conf", .int(1), "conf", .int(1)),
    ] as [(String, JSONValue?, String, JSONValue?)])
  func toleratedOfFiltered(key: String, value: JSONValue?, result: String, expected: JSONValue?) throws {
    var deck = filtered
    deck[key] = value
    let json = try Legacy.json(of: Legacy.deck(from: deck))
    #expect(json[result] == expected)
    #expect(json.members.count == Set(json.keys).count)
  }

  @Test("amounts of other days are forgotten, but for the time")
  func today() throws {
    var deck = normal
    let day = { (day: Int64, amount: Int64) in JSONValue.array([.int(day), .int(amount)]) }
    (deck["lrnToday"], deck["revToday"]) = (day(3, 1), day(4, 2))
    (deck["newToday"], deck["timeToday"]) = (day(5, 3), day(4, 9))
    let json = try Legacy.json(of: Legacy.deck(from: deck))
    #expect(json["lrnToday"] == day(5, 0))
    #expect(json["revToday"] == day(5, 0))
    #expect(json["newToday"] == day(5, 3))
    #expect(json["timeToday"] == day(5, 9))
  }

  @Test("every percentage of retention survives")
  func retention() throws {
    for percent in 0...Int64(100) {
      var deck = normal
      deck["desiredRetention"] = .int(percent)
      #expect(try Legacy.json(of: Legacy.deck(from: deck))["desiredRetention"] == .int(percent))
    }
  }

  @Test("a deck knows its options, a filtered one has none")
  func configID() throws {
    #expect(try Blobs.configID(of: Legacy.deck(from: normal)) == 1)
    #expect(try Blobs.configID(of: Legacy.deck(from: filtered)) == nil)
  }
}
