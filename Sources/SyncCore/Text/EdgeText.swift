/// Text on its way in (derived-values.md 0).
public enum EdgeText {
  /// The text without U+0000, which no storage takes. Lone surrogates became U+FFFD when the text became a `String`.
  public static func clean(_ string: String) -> String {
    Text(string).containsNUL ? String(decoding: string.utf8.filter { $0 != 0 }, as: UTF8.self) : string
  }
}
