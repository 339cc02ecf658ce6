/// What the views say differently on each engine, as data. Arguments are expressions of SQL, and so is what is
/// returned.
public struct ViewDialect: Sendable {
  /// U+001F, which joins the fields of a note and the components of a deck's name.
  let separator: String
  /// Seconds since 1970.
  let now: String
  /// The whole number that the text of a JSON value says, of at most nine digits; else NULL.
  let integer: @Sendable (String) -> String
  /// A whole number divided by another one, towards zero.
  let quotient: @Sendable (String, Int64) -> String
  /// A moment, of milliseconds since 1970 that lie within ``times``.
  let moment: @Sendable (String) -> String
  /// A date, of days since 1970 that lie within ``days``.
  let date: @Sendable (String) -> String
  /// A piece of a note's fields: the fields, and the number of the piece from 0.
  let field: @Sendable (String, String) -> String
  /// What follows `FROM notes n` so that there is a row for each tag, and how the tag is called there.
  let eachTag: String
  let tag: String
  /// Gathers names and values of a group into one JSON object.
  let object: @Sendable (String, String) -> String

  public init(
    separator: String, now: String, integer: @escaping @Sendable (String) -> String,
    quotient: @escaping @Sendable (String, Int64) -> String, moment: @escaping @Sendable (String) -> String,
    date: @escaping @Sendable (String) -> String, field: @escaping @Sendable (String, String) -> String,
    eachTag: String, tag: String, object: @escaping @Sendable (String, String) -> String
  ) {
    (self.separator, self.now, self.integer, self.quotient) = (separator, now, integer, quotient)
    (self.moment, self.date, self.field) = (moment, date, field)
    (self.eachTag, self.tag, self.object) = (eachTag, tag, object)
  }

  /// Up to the end of the year 9999: engines refuse what is far beyond, and one odd id must not spoil a whole view.
  private static let times = "BETWEEN 0 AND 253402300799999"
  private static let days = "BETWEEN -700000 AND 2900000"

  /// NULL for what is no time of any calendar.
  func time(milliseconds: String) -> String {
    "CASE WHEN \(milliseconds) \(Self.times) THEN \(moment(milliseconds)) END"
  }

  func time(seconds: String) -> String {
    "CASE WHEN \(seconds) BETWEEN 0 AND 253402300799 THEN \(moment("(\(seconds)) * 1000")) END"
  }

  func day(_ number: String) -> String { "CASE WHEN \(number) \(Self.days) THEN \(date(number)) END" }

  /// Whole days since 1970, downwards, of seconds since then.
  func days(_ seconds: String) -> String {
    quotient("((\(seconds)) - (((\(seconds)) % 86400) + 86400) % 86400)", 86_400)
  }
}
