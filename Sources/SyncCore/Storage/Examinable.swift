/// What was found about one thing that was looked at.
public struct Finding: Sendable, Equatable {
  /// How well it is.
  public enum Grade: String, Sendable, Comparable {
    case ok
    /// It works, and may cost something: data, time or a future sync.
    case warn
    /// It does not work.
    case fail = "FAIL"

    public static func < (a: Grade, b: Grade) -> Bool { a.rank < b.rank }

    private var rank: Int {
      switch self {
      case .ok: 0
      case .warn: 1
      case .fail: 2
      }
    }
  }

  public var grade: Grade
  /// The thing, in a word or two.
  public var subject: String
  /// What is so.
  public var message: String
  /// What to do about it; empty where nothing has to be done.
  public var advice: String

  public init(_ grade: Grade, _ subject: String, _ message: String, advice: String = "") {
    (self.grade, self.subject, self.message, self.advice) = (grade, subject, message, advice)
  }

  public static func ok(_ subject: String, _ message: String) -> Finding { Finding(.ok, subject, message) }
}

/// An engine that can say more about itself than that it works. An examination changes nothing: it makes no schema and
/// brings none up to date.
public protocol Examinable: Backend {
  /// Looks at the engine as a whole: versions, settings on which the safety of the data depends, clocks.
  /// - Parameter now: milliseconds since 1970, to compare other clocks with.
  func examine(now: @escaping @Sendable () -> Int64) async throws -> [Finding]

  /// Looks at one schema: its version, and how it is kept. One that is gone meanwhile is found to be nothing.
  /// - Parameter wholly: whether all of it is read.
  func examine(_ schema: Schema, wholly: Bool) async throws -> [Finding]
}
