import SyncCore
import Testing

/// derived-values.md 4.
struct DeckNameTests {
  @Test(
    "components are normalised",
    arguments: [
      ("foo::::baz", "foo\u{1F}blank\u{1F}baz"), ("foo:::bar", "foo\u{1F}bar"), ("foo:::bar:baz: ", "foo\u{1F}bar:baz"),
      ("fo\u{1F}o::ba\nr", "foo\u{1F}bar"), (" x ::: y::\u{1F}z:: ", "x\u{1F}y\u{1F}z\u{1F}blank"), ("", "blank"),
      ("e\u{301}", "é"), ("\u{2003}a\u{85}", "a"), (":", "blank"), ("::", "blank\u{1F}blank"), ("a\u{1}", "a"),
      ("::\u{301}a", "blank\u{1F}\u{301}a"),
    ])
  func native(human: String, native: String) {
    #expect(DeckName.native(fromHuman: human) == Text(native))
  }

  @Test("what the client stored for a deck is what we store")
  func stored() throws {
    let cases = try Derived.load().decks
    #expect(cases.count > 200)
    for deck in cases { #expect(DeckName.native(fromHuman: deck.given) == deck.stored, "\(deck.given)") }
  }

  @Test("a normalised name survives both ways")
  func roundTrip() throws {
    for deck in try Derived.load().decks {
      #expect(DeckName.normalise(native: deck.stored) == deck.stored)
      #expect(DeckName.native(fromHuman: DeckName.human(deck.stored)) == deck.stored)
    }
  }

  @Test("a native name keeps `::` inside a component, for it is no separator there")
  func nativeSeparator() {
    #expect(DeckName.normalise(native: " a::b \u{1F}\u{1F}:c") == "a::b\u{1F}blank\u{1F}c")
    #expect(DeckName.human("a\u{1F}b") == "a::b")
  }
}

/// Canonical composition, which names need.
struct NFCTests {
  @Test(
    "sequences compose canonically",
    arguments: [
      ("e\u{301}", "é"), ("\u{1112}\u{1161}\u{11AB}", "한"), ("\u{AC38}\u{11BD}", "\u{AC4E}"),
      ("\u{1113}\u{1162}", "\u{1113}\u{1162}"), ("\u{212B}", "Å"), ("\u{344}", "\u{308}\u{301}"),
      ("q\u{307}\u{323}", "q\u{323}\u{307}"), ("\u{301}\u{F73}", "\u{F71}\u{F72}\u{301}"),
      ("\u{958}", "\u{915}\u{93C}"), ("\u{30C}\u{F75}\u{F81}", "\u{F71}\u{F71}\u{F80}\u{F74}\u{30C}"), ("abc", "abc"),
    ])
  func composed(given: String, composed: String) {
    #expect(Text(NFC.compose(given)) == Text(composed))
  }

  @Test("a long sequence of marks loses none")
  func marks() {
    let given = "a" + String(repeating: "\u{301}\u{323}", count: 500)
    #expect(NFC.compose(given).unicodeScalars.count == 1000)
  }
}

/// derived-values.md 0.
struct EdgeTextTests {
  @Test(
    "U+0000 goes, everything else stays",
    arguments: [("a\u{0}b", "ab"), ("\u{0}", ""), ("", ""), ("e\u{301}\u{1}\u{FFFD}", "e\u{301}\u{1}\u{FFFD}")])
  func clean(given: String, cleaned: String) {
    #expect(Text(EdgeText.clean(given)) == Text(cleaned))
  }
}
