import Foundation

/// A text as its UTF-8 bytes.
///
/// Swift's `String` calls `é` (one scalar) and `é` (two scalars) equal; here they are different, as they are in every
/// database with a binary collation (derived-values.md 2, invariants.md J2). Equality, hashing and order are bytewise.
public struct Text: Hashable, Comparable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
  public var string: String

  public init() { string = "" }
  public init(_ string: String) { self.string = string }
  public init(_ substring: Substring) { string = String(substring) }
  public init(stringLiteral value: String) { string = value }

  public var description: String { string }
  public var isEmpty: Bool { string.isEmpty }
  public var utf8: String.UTF8View { string.utf8 }
  /// Whether the text holds U+0000, which storage refuses (derived-values.md 0).
  public var containsNUL: Bool {
    string.utf8.withContiguousStorageIfAvailable(\.containsNUL) ?? string.utf8.contains(0)
  }

  public static func == (a: Text, b: Text) -> Bool { a.string.utf8.elementsEqual(b.string.utf8) }
  public static func < (a: Text, b: Text) -> Bool { a.string.utf8.lexicographicallyPrecedes(b.string.utf8) }
  public func hash(into hasher: inout Hasher) {
    var copy = string
    copy.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}

extension UnsafeBufferPointer<UInt8> {
  /// Whether the bytes of a text hold U+0000.
  public var containsNUL: Bool { baseAddress.map { memchr($0, 0, count) != nil } ?? false }
}
