/// The tags of a note in one text (derived-values.md 2).
public enum Tags {
  /// The tags, separated by U+0020 or U+3000; empty ones are dropped.
  public static func split(_ text: Text) -> [Text] {
    text.string.unicodeScalars.split { $0 == " " || $0 == "\u{3000}" }.map { Text(Substring($0)) }
  }

  /// `""` for none, else the tags with a space around each.
  public static func join(_ tags: [Text]) -> Text {
    tags.isEmpty ? Text() : Text(" " + tags.map(\.string).joined(separator: " ") + " ")
  }

  /// The tags of a note that another device sent: separators are put right, nothing else is touched.
  public static func rejoined(_ text: Text) -> Text { join(split(text)) }
}
