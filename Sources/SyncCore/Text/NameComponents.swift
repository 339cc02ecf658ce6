/// What the names of decks and tags have in common: components, none of them empty (derived-values.md 2 and 4).
enum NameComponents {
  static let separator = "::"

  /// The parts between `separator`, found from the left.
  static func split(_ name: String, by separator: String = separator) -> [String] {
    name.utf8.split(separator: separator.utf8, omittingEmptySubsequences: false).map { String(Substring($0)) }
  }

  static func join(_ components: [String], by separator: String = separator) -> String {
    components.joined(separator: separator)
  }

  /// NFC without ASCII controls and what `isRemoved`, trimmed of white space and what `isTrimmed`; `blank` if empty.
  static func clean(
    _ component: String,
    removing isRemoved: (Unicode.Scalar) -> Bool = { _ in false },
    trimming isTrimmed: (Unicode.Scalar) -> Bool = { _ in false }
  ) -> String {
    let kept = NFC.compose(component).unicodeScalars.filter { scalar in
      !(scalar.isASCII && Byte.isControl(UInt8(truncatingIfNeeded: scalar.value))) && !isRemoved(scalar)
    }
    func isInside(_ scalar: Unicode.Scalar) -> Bool { !scalar.properties.isWhitespace && !isTrimmed(scalar) }
    guard let first = kept.firstIndex(where: isInside), let last = kept.lastIndex(where: isInside) else {
      return "blank"
    }
    return String(Substring(kept[first...last]))
  }
}
