/// The views that an owner reads: what a column means is in the page about SQL, and what is made here must go on
/// meaning that. Columns may be added, at the end of a view; none is renamed, taken away or moved.
public struct Views: Sendable {
  /// One more with every change of what is made here: what an older server has made is then made anew.
  static let version = 1

  private let words: ViewDialect
  private let quote: String
  /// What stands before the name of a table, and of a view.
  private let tables: String
  private let views: String

  /// - Parameters:
  ///   - tables: what stands before the name of a table: its schema, quoted, and a dot; or nothing.
  ///   - views: the same, of a view.
  public init(_ dialect: Dialect, _ words: ViewDialect, tables: String = "", views: String = "") {
    (self.words, self.tables, self.views, quote) = (words, tables, views, dialect.quote)
  }

  /// Every view with what it selects; those that others read come first.
  public var all: [(name: String, query: String)] {
    [
      ("v_calendar", calendar), ("v_decks", decks), ("v_notes", notes), ("v_fields", fields),
      ("v_note_tags", noteTags), ("v_tags", tags), ("v_cards", cards), ("v_reviews", reviews), ("v_days", days),
    ].map { ("\(views)\($0)", $1) }
  }

  // MARK: The calendar

  /// Day 0 is the day on which the collection was made, and a day begins at `day_start` (derived-values.md 5). Clients
  /// count days in the same way without the new timezone handling, but for a day that began when the collection did.
  private var calendar: String {
    """
    SELECT \(words.day("k.today")) AS today, CASE WHEN k.today > k.epoch_day THEN k.today - k.epoch_day ELSE 0 END \
    AS day_number, \(words.day("k.epoch_day")) AS first_day, k.rollover AS rollover_hour, \
    -k.west AS utc_offset_minutes, k.epoch_day AS epoch_day, k.day_start AS day_start \
    FROM (SELECT j.*, \(words.days("\(words.now) - j.day_start")) AS today FROM (\(dayStart)) j) k
    """
  }

  private var dayStart: String {
    """
    SELECT i.*, CASE WHEN i.sched = 2 THEN i.west * 60 + i.rollover * 3600 ELSE i.crt - i.epoch_day * 86400 END \
    AS day_start FROM (SELECT h.*, \(words.days("h.crt - h.first_west * 60")) AS epoch_day FROM (\(settings)) h) i
    """
  }

  private var settings: String {
    """
    SELECT g.crt AS crt, g.sched AS sched, g.west AS west, \
    CASE WHEN g.sched = 2 AND g.created BETWEEN -1439 AND 1439 THEN g.created ELSE g.west END AS first_west, \
    CASE WHEN g.rollover BETWEEN 0 AND 23 THEN g.rollover WHEN g.rollover BETWEEN 24 AND 255 THEN 23 ELSE 4 END \
    AS rollover FROM (SELECT CASE WHEN c.crt BETWEEN 0 AND 253402300799 THEN c.crt ELSE 0 END AS crt, \
    COALESCE(\(setting("schedVer")), 1) AS sched, \(setting("rollover")) AS rollover, \
    CASE WHEN \(setting("localOffset")) BETWEEN -1439 AND 1439 THEN \(setting("localOffset")) ELSE 0 END AS west, \
    \(setting("creationOffset")) AS created FROM \(tables)col c WHERE c.id = 1) g
    """
  }

  private func setting(_ name: String) -> String {
    "(SELECT \(words.integer("s.value")) FROM \(tables)config s WHERE s.name = '\(name)')"
  }

  // MARK: Notes

  private var decks: String {
    """
    SELECT d.id AS deck_id, \(path("d.name")) AS deck, COALESCE(n.cards, 0) AS cards, \
    \(words.time(seconds: "d.mtime_secs")) AS changed_at FROM \(tables)decks d \
    LEFT JOIN (SELECT c.did AS did, count(*) AS cards FROM \(tables)cards c GROUP BY c.did) n ON n.did = d.id
    """
  }

  private var notes: String {
    """
    SELECT n.id AS note_id, t.name AS notetype, \(words.field("n.flds", "0")) AS first_field, \
    (SELECT \(words.object("f.name", words.field("n.flds", "f.ord"))) FROM \(tables)fields f WHERE f.ntid = n.mid) \
    AS fields, trim(n.tags) AS tags, \(words.time(milliseconds: "n.id")) AS created_at, \
    \(words.time(seconds: "n.mod")) AS changed_at, n.guid AS guid, n.mid AS notetype_id \
    FROM \(tables)notes n LEFT JOIN \(tables)notetypes t ON t.id = n.mid
    """
  }

  private var fields: String {
    """
    SELECT n.id AS note_id, t.name AS notetype, f.ord AS ord, f.name AS field, \
    \(words.field("n.flds", "f.ord")) AS value FROM \(tables)notes n \
    JOIN \(tables)fields f ON f.ntid = n.mid LEFT JOIN \(tables)notetypes t ON t.id = n.mid
    """
  }

  private var noteTags: String {
    "SELECT n.id AS note_id, \(words.tag) AS tag FROM \(tables)notes n \(words.eachTag) WHERE \(words.tag) <> ''"
  }

  private var tags: String {
    """
    SELECT t.tag AS tag, COALESCE(n.notes, 0) AS notes FROM \(tables)tags t LEFT JOIN \
    (SELECT m.tag AS tag, count(*) AS notes FROM \(views)v_note_tags m GROUP BY m.tag) n ON n.tag = t.tag
    """
  }

  /// The components of a deck's name are joined by `::` where people read it (collection-format.md 3).
  private func path(_ name: String) -> String { "replace(\(name), \(words.separator), '::')" }

  // MARK: Cards

  /// What `due` means depends on where the card is (collection-format.md 2). In a filtered deck the due of a card that
  /// waits there is its place in that deck, and its own is `odue`. Above a thousand million it is a time.
  private var cards: String {
    """
    SELECT c.id AS card_id, c.nid AS note_id, \(path("d.name")) AS deck, \(path("h.name")) AS home_deck, \
    t.name AS notetype, COALESCE(m.name, z.name) AS template, c.ord AS ord, \(type) AS type, \(queue) AS queue, \
    CASE WHEN c.own_due BETWEEN 1000000001 AND 253402300799 \
    THEN \(words.day(words.days("c.own_due - k.day_start"))) WHEN c.own_due > 1000000000 THEN NULL \
    WHEN c.type <> 0 THEN \(words.day("k.epoch_day + c.own_due")) END AS due_date, \
    CASE WHEN c.own_due > 1000000000 THEN \(words.time(seconds: "c.own_due")) END AS due_at, \
    CASE WHEN c.type = 0 AND c.own_due <= 1000000000 THEN c.own_due END AS new_position, \
    \(interval("c.ivl")) AS interval_days, CASE WHEN c.factor > 0 THEN c.factor / 10.0 END AS ease_percent, \
    c.reps AS reviews, c.lapses AS lapses, c.flags % 8 AS flag, \(words.time(milliseconds: "c.id")) AS created_at, \
    \(words.time(seconds: "c.mod")) AS changed_at, c.did AS deck_id, c.data AS data \
    FROM (SELECT b.*, CASE WHEN b.odid <> 0 AND b.queue IN (0, 2) THEN b.odue ELSE b.due END AS own_due \
    FROM \(tables)cards b) c CROSS JOIN \(views)v_calendar k LEFT JOIN \(tables)decks d ON d.id = c.did \
    LEFT JOIN \(tables)decks h ON h.id = CASE WHEN c.odid <> 0 THEN c.odid ELSE c.did END \
    LEFT JOIN \(tables)notes n ON n.id = c.nid LEFT JOIN \(tables)notetypes t ON t.id = n.mid \
    LEFT JOIN \(tables)templates m ON m.ntid = n.mid AND m.ord = c.ord \
    LEFT JOIN \(tables)templates z ON z.ntid = n.mid AND z.ord = 0
    """
  }

  private var type: String {
    Self.word("c.type", [(0, "new"), (1, "learning"), (2, "review"), (3, "relearning")])
  }

  private var queue: String {
    Self.word(
      "c.queue",
      [
        (0, "new"), (1, "learning"), (2, "review"), (3, "learning, another day"), (4, "preview"), (-1, "suspended"),
        (-2, "buried by the scheduler"), (-3, "buried by hand"),
      ])
  }

  // MARK: Reviews

  private var reviews: String {
    """
    SELECT r.id AS review_id, r.cid AS card_id, \(words.time(milliseconds: "r.id")) AS reviewed_at, \
    \(words.day(studyDay)) AS study_date, \(Self.word("r.type", Self.kinds)) AS kind, \
    \(Self.word("r.ease", [(1, "again"), (2, "hard"), (3, "good"), (4, "easy")])) AS button, \
    \(interval("r.ivl")) AS interval_days, \(interval("r.\(quote)lastIvl\(quote)")) AS last_interval_days, \
    CASE WHEN r.factor >= 1300 THEN r.factor / 10.0 END AS ease_percent, \
    CASE WHEN r.factor BETWEEN 100 AND 1100 THEN (r.factor - 100) / 10.0 END AS difficulty_percent, \
    r.time / 1000.0 AS seconds, c.nid AS note_id, \(path("d.name")) AS deck \
    FROM \(tables)revlog r CROSS JOIN \(views)v_calendar k LEFT JOIN \(tables)cards c ON c.id = r.cid \
    LEFT JOIN \(tables)decks d ON d.id = CASE WHEN c.odid <> 0 THEN c.odid ELSE c.did END
    """
  }

  /// What changed a card without an answer is no review: it has no button.
  private var days: String {
    """
    SELECT \(words.day("a.day")) AS study_date, count(*) AS reviews, count(DISTINCT a.cid) AS cards, \
    round(sum(a.time) / 60000.0, 1) AS minutes, count(CASE WHEN a.id = a.first_id THEN 1 END) AS new_cards, \
    \(Self.count("a.type", 0)) AS learning, \(Self.count("a.type", 1)) AS review, \
    \(Self.count("a.type", 2)) AS relearning, \(Self.count("a.type", 3)) AS filtered, \
    \(Self.count("a.ease", 1)) AS again \
    FROM (SELECT r.id AS id, r.cid AS cid, r.time AS time, r.type AS type, r.ease AS ease, \(studyDay) AS day, \
    min(r.id) OVER (PARTITION BY r.cid) AS first_id FROM \(tables)revlog r CROSS JOIN \(views)v_calendar k \
    WHERE r.ease BETWEEN 1 AND 4 AND r.type BETWEEN 0 AND 3) a GROUP BY a.day
    """
  }

  private var studyDay: String { words.days("\(words.quotient("r.id", 1_000)) - k.day_start") }

  private static let kinds: [(Int64, String)] = [
    (0, "learning"), (1, "review"), (2, "relearning"), (3, "filtered"), (4, "manual"), (5, "rescheduled"),
  ]

  private static func word(_ number: String, _ words: [(Int64, String)]) -> String {
    let cases = words.map { "WHEN \($0) THEN '\($1)'" }.joined(separator: " ")
    return "CASE \(number) \(cases) END"
  }

  private static func count(_ column: String, _ number: Int64) -> String {
    "count(CASE WHEN \(column) = \(number) THEN 1 END)"
  }

  /// Below zero an interval is in seconds.
  private func interval(_ column: String) -> String {
    "CASE WHEN \(column) < 0 THEN round(\(column) / -86400.0, 5) ELSE \(column) END"
  }
}
