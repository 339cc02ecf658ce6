/// Why a text is not JSON, and where: the offset counts bytes from its start.
public struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Kind: Sendable, Equatable {
    /// A byte that cannot stand there.
    case unexpected
    /// The text ends within a value.
    case cutShort
    /// Bytes behind the value.
    case trailing
    /// More arrays and objects inside each other than ``JSONScanner/maxDepth``.
    case tooDeep
    /// Bytes in a string that are not UTF-8.
    case notUTF8
  }

  public let kind: Kind
  public let offset: Int

  init(_ kind: Kind, at offset: Int) { (self.kind, self.offset) = (kind, offset) }

  public var description: String {
    switch kind {
    case .unexpected: "unexpected byte at \(offset)"
    case .cutShort: "cut short at \(offset)"
    case .trailing: "more text after the value at \(offset)"
    case .tooDeep: "nested too deeply at \(offset)"
    case .notUTF8: "not UTF-8 at \(offset)"
    }
  }
}
