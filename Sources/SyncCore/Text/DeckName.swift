/// The two forms of a deck's name: `a::b` for people and on the wire, components joined by U+001F in storage
/// (derived-values.md 4).
public enum DeckName {
  private static let nativeSeparator = "\u{1F}"

  /// The native form of a name as people write it, every component normalised.
  public static func native(fromHuman name: String) -> Text { native(NameComponents.split(name)) }

  /// The name as people write it.
  public static func human(_ native: Text) -> String {
    NameComponents.join(NameComponents.split(native.string, by: nativeSeparator))
  }

  /// A native name as a file may hold it, every component normalised.
  public static func normalise(native name: Text) -> Text {
    native(NameComponents.split(name.string, by: nativeSeparator))
  }

  private static func native(_ components: [String]) -> Text {
    Text(NameComponents.join(components.map(clean), by: nativeSeparator))
  }

  private static func clean(_ component: String) -> String {
    NameComponents.clean(component, trimming: { $0 == ":" })
  }
}
