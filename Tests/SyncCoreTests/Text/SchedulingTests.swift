import SyncCore
import Testing

/// derived-values.md 5.
struct SchedulingTests {
  private func day(
    _ crt: Int64, _ now: Int64, version: Int64 = 2, rollover: Int64? = nil, creation: Int64? = nil, local: Int64? = nil
  ) -> Int64 {
    Scheduling.dayNumber(
      crt: crt, now: now, schedulerVersion: version, rollover: rollover, creationOffset: creation, localOffset: local)
  }

  @Test("the day of the client is the day of the server")
  func client() throws {
    let cases = try Derived.load().days
    #expect(cases.count > 200)
    for c in cases {
      let number = day(
        c.crt, c.now, version: c.schedulerVersion ?? 1, rollover: c.rollover, creation: c.creationOffset,
        local: c.localOffset)
      #expect(number == c.day, "\(c)")
    }
  }

  @Test("scheduler 1 counts whole days since creation")
  func first() {
    #expect(day(1_000, 87_399, version: 1) == 0)
    #expect(day(1_000, 87_400, version: 1) == 1)
    #expect(day(1_000, 87_400, version: 7) == 1)
  }

  @Test("a day begins at the rollover hour of the user's own time zone, 4 if not set")
  func rollover() {
    let midnight: Int64 = 1_700_006_400
    #expect(day(midnight, midnight + 86_400 + 14_399, creation: 0) == 0)
    #expect(day(midnight, midnight + 86_400 + 14_400, creation: 0) == 1)
    #expect(day(midnight, midnight + 86_400 + 14_400, creation: 0, local: 1) == 0)
    #expect(day(midnight, midnight + 86_400 + 14_400, rollover: 5, creation: 0) == 0)
    #expect(day(midnight, midnight + 86_400 + 82_799, rollover: 200, creation: 0) == 0)
    #expect(day(midnight, midnight + 86_400 + 82_800, rollover: 200, creation: 0) == 1)
    #expect(day(midnight, midnight + 86_400 + 14_400, rollover: -1, creation: 0) == 1)
    #expect(day(midnight, midnight + 86_400 + 14_399) == 0)
    #expect(day(midnight, midnight + 86_400 + 14_400) == 1)
  }

  @Test("an offset of a day or more is none", arguments: [1_440, -1_440, .max, .min] as [Int64])
  func offsets(offset: Int64) {
    let midnight: Int64 = 1_700_006_400
    for now in [midnight + 86_400 + 14_399, midnight + 86_400 + 14_400] {
      #expect(day(midnight, now, creation: 0, local: offset) == day(midnight, now, creation: 0))
      #expect(day(midnight, now, creation: offset, local: 600) == day(midnight, now, creation: 600, local: 600))
    }
  }

  @Test("no setting brings the day below 0 or stops the server", arguments: [Int64.min, -1, 0, 1, .max])
  func extremes(value: Int64) {
    for version: Int64 in [1, 2] {
      #expect(day(value, 0, version: version, rollover: value, local: value) >= 0)
      #expect(day(0, value, version: version, rollover: value, creation: value, local: value) >= 0)
      #expect(day(value, .max, version: version, creation: value) >= 0)
      #expect(day(.max, value, version: version, creation: value) == 0)
    }
  }

  @Test(
    "buried cards come back in a new day, or where the last day is more than a week ahead",
    arguments: [
      (0, 0, false), (0, 1, true), (5, 4, false), (11, 4, false), (12, 4, true), (.max, .max, false),
      (.min, .max, true), (.max, .min, true),
    ] as [(Int64, Int64, Bool)])
  func newDay(lastUnburied: Int64, today: Int64, needed: Bool) {
    #expect(Scheduling.needsUnbury(lastUnburied: lastUnburied, today: today) == needed)
  }

  @Test("buried cards go where the client puts them; others stay")
  func queues() throws {
    let cases = try Derived.load().queues
    #expect(cases.count > 50)
    for c in cases {
      var card = c.card
      Scheduling.unbury(&card)
      #expect(card.queue == c.queue, "\(c)")
    }
  }

  @Test("nothing but the queue changes, and cards of unknown types not at all")
  func onlyQueue() {
    var card = Card()
    (card.id, card.type, card.queue, card.mod, card.usn) = (1, 2, -3, 7, 9)
    var expected = card
    expected.queue = 2
    Scheduling.unbury(&card)
    #expect(card == expected)
    (card.type, card.queue) = (4, -2)
    expected = card
    Scheduling.unbury(&card)
    #expect(card == expected)
  }
}

/// collection-format.md 7.
struct ConfigValueTests {
  @Test(
    "integers are read as JSON has them",
    arguments: [
      ("0", 0), ("-600", -600), (" 42\n", 42), ("9223372036854775807", .max), ("-9223372036854775808", .min),
      ("9223372036854775808", nil), ("null", nil), ("2.0", nil), ("1e3", nil), ("+1", nil), ("01", nil), ("-", nil),
      ("", nil), ("\"4\"", nil), ("true", nil), ("[1]", nil), ("--1", nil), ("１", nil),
    ] as [(Text, Int64?)])
  func integer(json: Text, value: Int64?) {
    #expect(ConfigValue.integer(json) == value)
  }

  @Test(
    "truth values are read as JSON has them",
    arguments: [
      ("true", true), (" false ", false), ("True", nil), ("1", nil), ("null", nil), ("", nil), ("\"true\"", nil),
    ] as [(Text, Bool?)])
  func flag(json: Text, value: Bool?) {
    #expect(ConfigValue.flag(json) == value)
  }
}
