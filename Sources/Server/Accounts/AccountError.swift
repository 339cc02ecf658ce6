/// Why something about an account cannot be done; the message is one line for the person who asked for it.
struct AccountError: Error, Equatable, CustomStringConvertible {
  enum Code: Sendable, Equatable {
    case nameTaken
    case unknownUser
    /// The name or the password is none.
    case invalid
  }

  let code: Code
  let message: String

  init(_ code: Code, _ message: String) { (self.code, self.message) = (code, message) }

  static func nameTaken(_ name: UserName) -> AccountError { .init(.nameTaken, "user \"\(name)\" exists already") }
  static func unknown(_ name: UserName) -> AccountError { .init(.unknownUser, "there is no user \"\(name)\"") }

  var description: String { message }
}
