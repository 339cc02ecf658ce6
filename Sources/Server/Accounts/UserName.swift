import Foundation
import SyncCore

/// A user's name as it is kept and compared: in NFC, without white space at either end, case as typed.
///
/// Any script, e-mail addresses, `../x`, `a:b` and emoji are names (compat.md, regression 7): a name is never part of a
/// path or of an SQL text (invariants.md H8). Refused are only control characters and line separators, which would
/// break a line of the log or of a list.
struct UserName: Hashable, Sendable, CustomStringConvertible {
  /// In Unicode scalars.
  static let longest = 255

  let text: Text

  /// - Throws: `invalid`.
  init(_ typed: String) throws {
    // Phones put a space behind a completed word; composed and decomposed letters look the same to their owner.
    let name = typed.precomposedStringWithCanonicalMapping.trimmingCharacters(in: .whitespaces)
    guard !name.isEmpty else { throw AccountError(.invalid, "a user's name must not be empty") }
    guard name.unicodeScalars.count <= Self.longest else {
      throw AccountError(.invalid, "a user's name must not be longer than \(Self.longest) characters")
    }
    guard !name.unicodeScalars.contains(where: \.breaksLines) else {
      throw AccountError(.invalid, "a user's name must not contain control characters")
    }
    text = Text(name)
  }

  var description: String { text.string }
}

extension Unicode.Scalar {
  /// Whether the character could end a line or steer a terminal.
  var breaksLines: Bool {
    switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }
}
