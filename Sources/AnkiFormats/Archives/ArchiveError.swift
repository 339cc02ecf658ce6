/// Why compressed bytes are refused. Each is the fault of who sent them.
public enum ArchiveError: Error, Sendable, Equatable {
  /// More comes out than the limit allows.
  case tooLarge
  /// Not what it should be, or bytes behind its end.
  case corrupt
  /// It ends too early.
  case truncated
}
