/// Why a sync call is refused. The code is for the program; the message is one line for the person or the log and holds
/// no content of the collection.
public struct SyncError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Code: Sendable, Equatable {
    /// The request is malformed, or what it brings cannot be applied.
    case invalid
    /// Unknown host key, or wrong user or password.
    case forbidden
    /// No such method.
    case notFound
    /// Another sync of this user took over, or there is none.
    case sessionConflict
    /// The client's protocol version is not served.
    case unsupported
    case tooManyLogins
    case tooLarge
    /// Ours to mend; the client may try again.
    case unavailable
    case failed
  }

  public let code: Code
  public let message: String

  public init(_ code: Code, _ message: String) {
    (self.code, self.message) = (code, message)
  }

  public var description: String { message }
}
