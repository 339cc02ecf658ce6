/// The little that a server knows of scheduling: which day it is, and what a new day does (derived-values.md 5).
public enum Scheduling {
  private static let day: Int64 = 86_400

  /// Days since the collection was created, never below 0.
  /// - Parameters:
  ///   - crt: creation of the collection, seconds since 1970.
  ///   - now: seconds since 1970.
  ///   - schedulerVersion: config `schedVer`, 1 if absent.
  ///   - rollover: config `rollover`, the hour at which a day begins; 4 if absent or not a byte, at most 23.
  ///   - creationOffset: config `creationOffset`, minutes west of UTC; a whole day or more counts as `localOffset`.
  ///   - localOffset: config `localOffset`, minutes west of UTC; a whole day or more counts as 0, as does nil.
  public static func dayNumber(
    crt: Int64, now: Int64, schedulerVersion: Int64, rollover: Int64?, creationOffset: Int64?, localOffset: Int64?
  ) -> Int64 {
    let (crt, now) = (clamped(crt), clamped(now))
    guard schedulerVersion == 2 else { return max(0, (now - crt) / day) }
    let dayStart = hour(rollover) * 3_600
    let west = seconds(localOffset) ?? 0
    guard let creationOffset else {
      let start = midnight(crt - west) + dayStart + west
      return max(0, (now - start) / day)
    }
    let today = midnight(now - west)
    let days = (today - midnight(crt - (seconds(creationOffset) ?? west))) / day
    return max(0, now - west < today + dayStart ? days - 1 : days)
  }

  /// Whether buried cards come back: a day began since, or `lastUnburied` lies too far ahead to be true.
  public static func needsUnbury(lastUnburied: Int64, today: Int64) -> Bool {
    let (latest, isBeyond) = today.addingReportingOverflow(7)
    return lastUnburied < today || (!isBeyond && latest < lastUnburied)
  }

  /// Puts a buried card back into the queue of its type. Stamps stay as they are; other cards are not touched.
  public static func unbury(_ card: inout Card) {
    if card.isBuried, let queue = queue(ofType: card.type, due: card.due) { card.queue = queue }
  }

  /// The queue of a card that is neither suspended nor buried; nil for a type that Anki does not know.
  static func queue(ofType type: Int64, due: Int64) -> Int64? {
    switch type {
    case 0, 2: type
    // Learning cards: `due` is a time within the day, or a day number.
    case 1, 3: due > 1_000_000_000 ? 1 : 3
    default: nil
    }
  }

  /// Times beyond any calendar are brought near, so that sums of them fit.
  private static func clamped(_ time: Int64) -> Int64 { min(max(time, -1 << 60), 1 << 60) }

  private static func hour(_ rollover: Int64?) -> Int64 {
    guard let rollover, 0...255 ~= rollover else { return 4 }
    return min(rollover, 23)
  }

  private static func seconds(_ minutesWest: Int64?) -> Int64? {
    guard let minutesWest, -1_439...1_439 ~= minutesWest else { return nil }
    return minutesWest * 60
  }

  /// The start of the calendar day that holds a local time.
  private static func midnight(_ time: Int64) -> Int64 { time - ((time % day) + day) % day }
}
