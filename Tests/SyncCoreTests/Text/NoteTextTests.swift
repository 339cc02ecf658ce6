import SyncCore
import Testing

/// derived-values.md 1.
struct NoteTextTests {
  static let plain: [(String, String, Int64)] = [
    ("", "", 3_661_210_606),
    ("test", "test", 2_840_236_005),
    ("f", "f", 1_242_175_777),
    ("今日", "今日", 1_464_653_051),
    ("  lead", "  lead", 1_996_995_628),
    ("a\nb", "a\nb", 4_241_565_695),
    ("a\u{1}b\tc\nd\re", "ab\tc\nde", 4_275_140_747),
    ("[sound:a.mp3]", "[sound:a.mp3]", 2_685_632_892),
    ("{{c1::a}}", "{{c1::a}}", 2_326_371_763),
    ("42", "42", 2_463_092_403),
    ("0012", "0012", 2_597_043_071),
  ]
  static let entities: [(String, String, Int64)] = [
    ("a & b", "a & b", 2_463_288_064),
    ("a &amp; b", "a & b", 2_463_288_064),
    ("&lt;i&gt;", "<i>", 2_301_026_615),
    ("&nbsp;x", " x", 205_295_790),
    ("a&nbsp;b", "a b", 2_109_598_005),
    ("&nbsp", "&nbsp", 198_858_126),
    ("&#65;", "A", 1_842_171_106),
    ("&#x41;", "A", 1_842_171_106),
    ("&#X41;", "&#X41;", 621_652_861),
    ("&apos;", "&apos;", 2_505_186_717),
    ("&quot;", "\"", 718_168_769),
    ("&#0;", "\u{0}", 1_537_817_757),
    ("&hellip;", "…", 3_744_558_615),
    ("&NotEqual;", "&NotEqual;", 585_878_552),
    ("x &lt; y & z", "x &lt; y & z", 2_090_049_481),
    ("&amp;nbsp;", "&nbsp;", 1_203_892_510),
    ("&nbsp;&foo", "&nbsp;&foo", 512_912_537),
    (
      "&lt;b&gt; &nbsp; &#65; &foo; &eacute;", "&lt;b&gt; &nbsp; &#65; &foo; &eacute;", 2_760_354_828
    ),
  ]
  static let media: [(String, String, Int64)] = [
    (#"<b>hi</b> &amp; <img src="a b.jpg"> x"#, "hi &  a b.jpg  x", 266_541_072),
    (#"<img src="a.jpg">"#, " a.jpg ", 1_196_959_972),
    ("<img src=a.jpg>", " a.jpg ", 1_196_959_972),
    (#"<img alt="x" src="a.jpg" style="y">"#, " a.jpg ", 1_196_959_972),
    ("<img\nsrc=\"a.jpg\">", " a.jpg ", 1_196_959_972),
    ("<img/src=a.jpg>", " a.jpg ", 1_196_959_972),
    ("<img src=a.jpg/>", " a.jpg/ ", 302_218_578),
    ("<img src='a b.jpg'>", " a b.jpg ", 576_267_676),
    (#"<IMG SRC="A.JPG">"#, " A.JPG ", 2_297_392_223),
    (#"<img src="a&amp;b.jpg">"#, " a&b.jpg ", 207_728_215),
    (#"<img src="a%20b.jpg">"#, " a%20b.jpg ", 2_167_326_827),
    (#"<img src="&nbsp;.jpg">"#, "  .jpg ", 2_327_521_512),
    (#"<audio src="x.mp3"></audio>"#, " x.mp3 ", 3_140_794_844),
    (#"<video><source src="v.mp4"></video>"#, " v.mp4 ", 985_886_235),
    (#"<object data="o.svg"></object>"#, " o.svg ", 2_779_220_851),
    (#"<source srcset="x" src="y">"#, " y ", 1_606_830_221),
    ("<img>", "", 3_661_210_606),
    (#"<imgx src="a.jpg">"#, "", 3_661_210_606),
    (#"<embed src="e.swf">"#, "", 3_661_210_606),
    (#"<img src = "a.jpg">"#, "", 3_661_210_606),
    (#"<img src="">"#, #" "" "#, 354_910_604),
    (#"<img data-src="q.png" src="r.png">"#, " q.png ", 173_275_889),
    (#"<img alt="a>b" src="c.jpg">"#, " c.jpg ", 3_090_924_280),
    (#"<img src="a.jpg""#, #"<img src="a.jpg""#, 1_584_093_857),
    (#"<img src="a.jpg">text<img src="b.jpg">"#, " a.jpg text b.jpg ", 587_608_801),
    (#"<img src="a"b.jpg">"#, " a ", 1_952_409_464),
    (#"&lt;img src="a.jpg"&gt;"#, #"<img src="a.jpg">"#, 959_785_716),
  ]
  static let markup: [(String, String, Int64)] = [
    ("<br>", "", 3_661_210_606),
    (#"<p title="a>b">x</p>"#, #"b">x"#, 37_538_754),
    ("a<br>b", "ab", 3_659_751_758),
    ("<div>x</div>", "x", 301_378_958),
    ("1 < 2", "1 < 2", 3_079_402_277),
    ("a < b > c", "a  c", 3_664_237_147),
    ("<unclosed", "<unclosed", 6_912_825),
    ("<!-- x --> y", " y", 2_240_667_135),
    ("<STYLE>a{}</STYLE>b", "b", 3_923_189_598),
    ("<!-- c -->x<style>y</style><script>z</script>w", "xw", 1_354_864_644),
    ("<style>x", "x", 301_378_958),
  ]

  @Test("sort field and checksum are those of the client", arguments: plain + entities + media + markup)
  func vector(field: String, sortField: String, checksum: Int64) {
    let derived = NoteText.derived(flds: NoteText.clean(Text(field)), sortIndex: 0)
    #expect(Text(derived.sortField) == Text(sortField))
    #expect(derived.checksum == checksum)
    #expect(NoteText.checksum(ofStripped: sortField) == checksum)
  }

  @Test(
    "markup is read as the client's matcher reads it",
    arguments: [
      ("<img src= <b>", "  <b "),
      // The last quote that may open something is tried first.
      (#"<img x=' y=" >' src=A> " src=B>"#, " B "),
      ("<img \u{301}src=a>", ""), ("<img ·src=a>", " a "), ("<img\u{301} src=a>", ""), ("<img \u{200D}src=a>", ""),
      ("<\u{17F}ource \u{17F}rc=a>", " a "), ("<\u{17F}tyle>a</\u{17F}TYLE>b", "b"),
      ("<!-->y", "y"), ("<!--> x -->y", "y"), ("\u{A0}<b>", "\u{A0}"), ("\u{A0}&amp;", " &"),
      ("&#00000000000000000065;", "A"), ("&#99999999999999999999;", "&#99999999999999999999;"), ("&;", "&;"),
      ("&#;", "&#;"), ("&#x;", "&#x;"), ("&#xD800;", "&#xD800;"), ("&#1114112;", "&#1114112;"), ("&#+65;", "&#+65;"),
    ])
  func matcher(field: String, stripped: String) {
    #expect(Text(NoteText.strip(field)) == Text(stripped))
  }

  @Test("what the client stored for a note is what we derive")
  func stored() throws {
    let cases = try Derived.load().notes
    #expect(cases.count > 400)
    for note in cases {
      let flds = NoteText.clean(note.given)
      let derived = NoteText.derived(flds: flds, sortIndex: note.sortIndex)
      #expect(flds == note.flds)
      #expect(derived.checksum == note.checksum, "\(note.flds)")
      #expect(note.sortField == nil || Text(derived.sortField) == note.sortField, "\(note.flds)")
    }
  }

  @Test("the checksum is of the first field, the sort field is the one asked for")
  func fields() {
    let flds: Text = "<b>f</b>\u{1F}&lt;\u{1F}"
    #expect(NoteText.checksum(ofStripped: "f") == NoteText.derived(flds: flds, sortIndex: 1).checksum)
    #expect(NoteText.sortField(flds: flds, index: 0) == "f")
    #expect(NoteText.sortField(flds: flds, index: 1) == "<")
  }

  @Test("a field that does not exist sorts as empty", arguments: [-1, 2, 3, .max, .min])
  func absent(index: Int) {
    #expect(NoteText.sortField(flds: "a\u{1F}b", index: index).isEmpty)
  }

  @Test("controls go, but line feed, tab and the separators of fields stay")
  func controls() {
    let all = String(String.UnicodeScalarView((0...0x80).compactMap { Unicode.Scalar($0 as UInt32) }))
    let kept = NoteText.clean(Text(all)).string.unicodeScalars.map(\.value)
    #expect(kept == [0x09, 0x0A] + Array(0x1F...0x7E) + [0x80])
  }

  @Test(
    "unclosed markup costs time in proportion to its length", .timeLimit(.minutes(1)),
    arguments: ["<img ", "<img x='\">", "<img src=\"", "<style>", "<!-->", "<script ", "&amp;", "<", "<img \"'x"])
  func hostile(unit: String) {
    let field = String(repeating: unit, count: 20_000) + ">"
    #expect(NoteText.strip(field).utf8.count < field.utf8.count)
  }
}
