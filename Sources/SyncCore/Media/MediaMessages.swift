/// One line of an upload: a file that was added or replaced, or one that was deleted (sync-protocol.md 7.4).
public struct MediaChange: Sendable, Equatable {
  /// As the client gave it.
  public var name: String
  /// Nil where the file was deleted.
  public var file: MediaContent?

  public init(_ name: String, _ file: MediaContent?) { (self.name, self.file) = (name, file) }
}

/// The answer to an upload (sync-protocol.md 7.4).
public struct MediaOutcome: Sendable, Equatable {
  /// How many changes were looked at: all of them.
  public var processed: Int64
  public var usn: Int64
}

/// What a user's media may not go beyond.
public struct MediaQuota: Sendable, Equatable {
  /// Bytes of all files; nil for no limit.
  public var bytes: Int64?

  public init(bytes: Int64?) { self.bytes = bytes }
  public static let none = MediaQuota(bytes: nil)
}

/// An upload that would go beyond the quota. The client shows the message (sync-protocol.md 7).
public struct MediaQuotaExceeded: Error, Sendable, Equatable {
  public let message: String
}
