/// The answer to `meta` (sync-protocol.md 6.2).
public struct MetaReply: Sendable, Equatable {
  /// Milliseconds since 1970.
  public var mod: Int64
  public var scm: Int64
  public var usn: Int64
  /// The server's clock, in seconds since 1970.
  public var now: Int64
  /// Shown to the user after the sync, as rich text: escape what is not meant so.
  public var message: String
  /// Whether the sync may go on; if not, the message is the error.
  public var mayContinue: Bool
  /// Whether the collection has no card.
  public var isEmpty: Bool
  public var mediaUSN: Int64

  public init(
    mod: Int64, scm: Int64, usn: Int64, now: Int64, message: String = "", mayContinue: Bool = true, isEmpty: Bool,
    mediaUSN: Int64
  ) {
    (self.mod, self.scm, self.usn, self.now) = (mod, scm, usn, now)
    (self.message, self.mayContinue, self.isEmpty, self.mediaUSN) = (message, mayContinue, isEmpty, mediaUSN)
  }
}
