/// What a storage engine could not do, and why. Only ``Code/conflict`` and ``Code/unavailable`` are worth a retry.
public struct StorageError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Code: Sendable, Equatable {
    /// The schema does not exist.
    case notFound
    /// The collection was replaced by this generation; nothing is written to it any more.
    case sealed(successor: Int64)
    /// Somebody else was faster, or held the lock for too long.
    case conflict
    /// The engine cannot be reached or is overloaded.
    case unavailable
    /// No room left.
    case full
    /// The rows cannot be stored: a NUL in a text, a key that is taken while loading.
    case invalid
    /// The schema was written by a newer version of this server.
    case tooNew
    /// What is stored contradicts itself.
    case corrupt
  }

  public let code: Code
  public let message: String

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { message }
}
