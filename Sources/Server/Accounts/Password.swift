/// A password as the bytes that are hashed. It describes itself without its content, so that no log can hold it
/// (invariants.md H11).
struct Password: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// In bytes of UTF-8.
  static let longest = 4096

  let bytes: [UInt8]

  /// A password for an account.
  /// - Throws: `invalid` where it is empty or too long.
  init(_ text: String) throws {
    guard !text.isEmpty else { throw AccountError(.invalid, "a password must not be empty") }
    guard text.utf8.count <= Self.longest else {
      throw AccountError(.invalid, "a password must not be longer than \(Self.longest) bytes")
    }
    bytes = Array(text.utf8)
  }

  /// What is hashed where no password can be right, so that the refusal costs the same.
  private init() { bytes = [] }
  static let none = Password()

  var description: String { "(password)" }
  var debugDescription: String { description }
  var customMirror: Mirror { Mirror(self, children: []) }
}
