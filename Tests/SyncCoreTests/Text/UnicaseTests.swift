import SyncCore
import Testing

/// derived-values.md 8.2.
struct UnicaseTests {
  private func compare(_ a: String, _ b: String) -> Int {
    var (a, b) = (a, b)
    return a.withUTF8 { a in b.withUTF8 { Unicase.compare(a, $0) } }.signum()
  }

  /// Every code point that does not fold to itself, and what it folds to. None lies beyond the first two planes.
  private static let folded: [(Unicode.Scalar, String)] = (0...0x1FFFF).compactMap { Unicode.Scalar($0 as UInt32) }
    .map { ($0, Unicase.fold(String($0))) }
    .filter { !$1.unicodeScalars.elementsEqual([$0]) }

  @Test("the table has as many code points as the specification says")
  func counts() {
    #expect(Self.folded.count == 1383 + 104)
    #expect(Self.folded.filter { $1.unicodeScalars.count > 1 }.count == 104)
  }

  @Test(
    "pairs that the client takes for one name are equal",
    arguments: [
      ("straße", "STRASSE"), ("ΑΣ", "ας"), ("ﬁn", "FIN"), ("ǅ", "ǆ"), ("\u{212A}", "k"), ("İ", "i\u{307}"),
      ("ꭰ", "Ꭰ"), ("ﬃ", "iff"), ("Abc", "aBC"), ("", ""),
    ])
  func equal(a: String, b: String) {
    #expect(Unicase.equal(a, b))
    #expect(Text(Unicase.fold(a)) == Text(Unicase.fold(b)))
    #expect(compare(a, b) == 0)
  }

  @Test(
    "pairs that differ come in the client's order",
    arguments: [
      ("i", "İ"), ("I", "ı"), (" ", "\u{A0}"), ("ffi", "ﬃ"), ("_", "A"), ("[", "a"), ("a", "Ab"),
      ("e\u{301}", "é"), ("", "a"), ("ß_", "z"), ("Z", "é"), ("\u{FFFF}", "\u{1F600}"), ("ss", "ßa"),
    ])
  func ordered(a: String, b: String) {
    #expect(!Unicase.equal(a, b))
    #expect(compare(a, b) == -1)
    #expect(compare(b, a) == 1)
  }

  @Test("the client's collation and ours order alike")
  func client() throws {
    let cases = try Derived.load().orders
    #expect(cases.count >= 400)
    for order in cases {
      #expect(compare(order.a, order.b) == order.sign, "\(order.a) \(order.b)")
      #expect(compare(order.b, order.a) == -order.sign, "\(order.b) \(order.a)")
      #expect((Unicase.fold(order.a).utf8.elementsEqual(Unicase.fold(order.b).utf8)) == (order.sign == 0))
    }
  }

  @Test("folding twice is folding once")
  func idempotent() {
    #expect(Self.folded.filter { Text(Unicase.fold($1)) != Text($1) }.isEmpty)
  }

  @Test(
    "a byte that is not UTF-8 counts as U+FFFD",
    arguments: [
      [0x80], [0xFF], [0xC3], [0xC0, 0x80], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
      [0xF0, 0x9F],
    ] as [[UInt8]])
  func invalid(bytes: [UInt8]) {
    let replaced = String(repeating: "\u{FFFD}", count: bytes.count)
    bytes.withUnsafeBufferPointer { bytes in
      var replaced = replaced
      replaced.withUTF8 { #expect(Unicase.compare(bytes, $0) == 0) }
    }
  }
}
