import Testing

@testable import Server

@Suite("HTML") struct HTMLTests {
  @Test(
    "what is put into a page stays text",
    arguments: [
      ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
      ("\" onload='x'", "&quot; onload=&#39;x&#39;"),
      ("a & b &amp; c", "a &amp; b &amp;amp; c"),
      ("\u{0}\u{1B}[31m\u{7F}\u{85}", "\u{FFFD}\u{FFFD}[31m\u{FFFD}\u{FFFD}"),
      ("\r\n\t", "\u{FFFD}\n\t"),
      ("日本語 \u{1F600} äöü", "日本語 \u{1F600} äöü"),
      ("</style><!--]]>", "&lt;/style&gt;&lt;!--]]&gt;"),
    ])
  func escaping(words: String, escaped: String) {
    let html: HTML = "<p title=\"\(words)\">\(words)</p>"
    #expect(html.text == "<p title=\"\(escaped)\">\(escaped)</p>")
  }

  @Test("a piece of a page within another is escaped once")
  func nesting() {
    let inner: HTML = "<b>\("&")</b>"
    let outer: HTML = "<p>\(inner)\([inner, inner])</p>"
    #expect(outer.text == "<p><b>&amp;</b><b>&amp;</b><b>&amp;</b></p>")
  }
}
