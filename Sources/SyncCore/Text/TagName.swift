/// The name of a tag in the list of tags (derived-values.md 2).
public enum TagName {
  /// Longer prefixes are not looked up: no tag in use is so long, and a hostile name would cost its square.
  static let longestPrefix = 8192

  /// The name with every component normalised.
  public static func normalise(_ name: String) -> Text {
    let components = NameComponents.split(name).map { component in
      NameComponents.clean(component, removing: { $0 == " " || $0 == "\u{3000}" })
    }
    return Text(NameComponents.join(components))
  }

  /// The names of the tag's parents, the nearest first. As in the clients the last `::` divides, so the parent of
  /// `a:::b` is `a:`.
  public static func prefixes(_ name: Text) -> [Text] {
    let bytes = Array(name.utf8)
    let colon = UInt8(ascii: ":")
    var prefixes: [Text] = []
    var index = min(bytes.count - 2, longestPrefix)
    while index >= 0 {
      let isSeparator = bytes[index] == colon && bytes[index + 1] == colon
      if isSeparator { prefixes.append(Text(String(decoding: bytes[..<index], as: UTF8.self))) }
      index -= isSeparator ? 2 : 1
    }
    return prefixes
  }

  /// The spelling under which a name enters the list, or nil where the list has it already.
  ///
  /// The nearest parent that the list has lends its spelling. Parents are not inserted.
  /// - Parameter existing: the spelling of the tag in the list that is unicase-equal to a name; nil if there is none.
  public static func register(_ name: Text, existing: (Text) throws -> Text?) rethrows -> Text? {
    let registered = try registered(name, existing: existing)
    return registered.isNew ? registered.name : nil
  }

  /// The spelling under which the list has a name, or will have it where it is new.
  public static func registered(
    _ name: Text, existing: (Text) throws -> Text?
  ) rethrows -> (name: Text, isNew: Bool) {
    let name = normalise(name.string)
    if let known = try existing(name) { return (known, false) }
    for prefix in prefixes(name) {
      guard let parent = try existing(prefix) else { continue }
      // Counted from the left, though found from the right: `X:` makes `X::::b` of `x:::b`, as in the clients.
      let rest = NameComponents.split(name.string).dropFirst(NameComponents.split(parent.string).count)
      return (Text(NameComponents.join([parent.string] + rest)), true)
    }
    return (name, true)
  }
}
