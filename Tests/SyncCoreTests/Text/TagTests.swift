import SyncCore
import Testing

/// derived-values.md 2.
struct TagTests {
  /// A list of tags as a store keeps it: by folded name.
  private struct List {
    var spellings: [Text: Text] = [:]

    func existing(_ name: Text) -> Text? { spellings[Text(Unicase.fold(name.string))] }

    mutating func register(_ name: Text) {
      guard let spelling = TagName.register(name, existing: existing) else { return }
      spellings[Text(Unicase.fold(spelling.string))] = spelling
    }
  }

  @Test(
    "tags are split at U+0020 and U+3000 and nowhere else",
    arguments: [
      ("", []), (" ", []), (" a b ", ["a", "b"]), ("a", ["a"]), ("\u{3000}a\u{3000}\u{3000}b ", ["a", "b"]),
      (" B a A b ", ["B", "a", "A", "b"]), ("a\u{A0}b\tc", ["a\u{A0}b\tc"]),
      (" \u{301} e\u{301}", ["\u{301}", "e\u{301}"]),
    ] as [(Text, [Text])])
  func split(text: Text, tags: [Text]) {
    #expect(Tags.split(text) == tags)
  }

  @Test(
    "the tags of a received note are split and joined, and nothing else",
    arguments: [
      ("", ""), (" ", ""), ("a b", " a b "), (" B a A b ", " B a A b "),
      ("e\u{301}\u{3000}e\u{301}", " e\u{301} e\u{301} "),
    ] as [(Text, Text)])
  func rejoined(text: Text, joined: Text) {
    #expect(Tags.rejoined(text) == joined)
    #expect(Tags.rejoined(joined) == joined)
  }

  @Test(
    "every component of a name is normalised",
    arguments: [
      ("x y", "xy"), (" lead", "lead"), ("a::", "a::blank"), ("::", "blank::blank"), ("e\u{301}", "é"),
      ("ctrl\u{1}z", "ctrlz"), ("", "blank"), ("a\u{3000}b\u{2003}", "ab"), ("a:::b", "a:::b"),
      ("::\u{301}", "blank::\u{301}"),
    ])
  func normalised(given: String, normalised: String) {
    #expect(TagName.normalise(given) == Text(normalised))
  }

  @Test("parents lend their spelling, and are not inserted")
  func merged() {
    var list = List()
    let names: [Text] = [
      "Foo", "foo", "FOO::bar", "foo::BAZ::qux", "x y", " lead", "a::", "::", "e\u{301}", "ctrl\u{1}z", "",
    ]
    for name in names { list.register(name) }
    let expected: Set<Text> = [
      "Foo", "Foo::bar", "Foo::BAZ::qux", "xy", "lead", "a::blank", "blank::blank", "é", "ctrlz", "blank",
    ]
    #expect(Set(list.spellings.values) == expected)
  }

  @Test("a name that the list has in any case is not inserted, but its spelling is found")
  func known() {
    let known = TagName.registered("STRASSE") { _ in "Straße" }
    #expect(known.name == "Straße")
    #expect(!known.isNew)
    #expect(TagName.register("STRASSE") { _ in "Straße" } == nil)
  }

  @Test(
    "the nearest parent is found from the right",
    arguments: [
      ("a::b::c", ["a::b", "a"]), ("a", []), ("a:::b", ["a:"]), ("a::::b", ["a::", "a"]), ("::", [""]), ("", []),
      (":", []),
    ] as [(Text, [Text])])
  func prefixes(name: Text, prefixes: [Text]) {
    #expect(TagName.prefixes(name) == prefixes)
  }

  @Test("a name of a megabyte asks for no prefix of more than 8 KiB")
  func hostile() {
    let prefixes = TagName.prefixes(Text(String(repeating: "a::", count: 300_000)))
    #expect(prefixes.first?.utf8.count == 8191)
    #expect(prefixes.count == 2731)
  }

  @Test("a look-up that fails is passed on")
  func failing() {
    struct Lost: Error {}
    #expect(throws: Lost.self) { try TagName.register("a") { _ in throw Lost() } }
  }

  @Test("the client's list of tags, and the spelling on its notes, is what we register")
  func client() throws {
    let cases = try Derived.load().tags
    #expect(cases.count > 100)
    for tags in cases {
      var list = List()
      for tag in tags.registered {
        let spelling = TagName.registered(Text(tag.given), existing: list.existing).name
        #expect(spelling == tag.stored, "\(tag.given)")
        list.register(Text(tag.given))
      }
      #expect(Set(list.spellings.values) == Set(tags.list.map { Text($0) }))
    }
  }
}
