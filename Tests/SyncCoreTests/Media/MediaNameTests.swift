import Testing

@testable import SyncCore

@Suite("Names of media files")
struct MediaNameTests {
  /// What a name is called here; nil: nothing is stored.
  static let added: [(given: String, stored: String?)] = [
    ("a.jpg", "a.jpg"),
    ("A.JPG", "A.JPG"),
    ("with space.txt", "with space.txt"),
    ("caf\u{E9}.jpg", "caf\u{E9}.jpg"),
    ("cafe\u{301}.jpg", "caf\u{E9}.jpg"),
    ("\u{1112}\u{1161}\u{11AB}.txt", "\u{D55C}.txt"),
    ("日本語.mp3", "日本語.mp3"),
    ("😀 smile.png", "😀 smile.png"),
    ("-dash", "-dash"),
    // Harmless here, whatever clients make of it.
    ("a:b?.txt", "a:b?.txt"),
    ("con", "con"),
    ("ends with a dot.", "ends with a dot."),
    (String(repeating: "x", count: 255), String(repeating: "x", count: 255)),
    // Harmful: normalised (sync-protocol.md 7.4).
    (".", "._"),
    ("..", ".._"),
    ("../x", "..x"),
    ("/etc/passwd", "etcpasswd"),
    ("a/b", "ab"),
    ("a\\b", "ab"),
    ("..\\..\\x", "....x"),
    ("C:\\x", "Cx"),
    ("a\u{0}b", "ab"),
    ("a/cafe\u{301}", "acaf\u{E9}"),
    ("/con", "con_"),
    ("/CoM1.txt", "CoM1_.txt"),
    ("/com10.txt", "com10.txt"),
    ("/nul.tar.gz", "nul_.tar.gz"),
    ("/a\u{A0}b", "a b"),
    ("/a\u{378}b", "ab"),
    ("/a\u{1F}\u{7F}b", "ab"),
    ("/[]<>:\"?*^|", nil),
    ("/ends badly ", "ends badly _"),
    ("/ends badly.", "ends badly._"),
    ("", nil),
    ("/", nil),
    ("\\", nil),
    ("\u{0}", nil),
    ("//\u{0}\\", nil),
    (String(repeating: "x", count: 256), String(repeating: "x", count: 119)),
    (String(repeating: "x", count: 300) + ".jpg", String(repeating: "x", count: 115) + ".jpg"),
    (String(repeating: "é", count: 200) + ".jpg", String(repeating: "é", count: 57) + ".jpg"),
    (String(repeating: "x", count: 200) + "." + String(repeating: "y", count: 100), String(repeating: "x", count: 119)),
    (String(repeating: ".", count: 300), String(repeating: ".", count: 119) + "_"),
  ]

  @Test("an added name is kept, composed or normalised, and never refused", arguments: added)
  func kept(given: String, stored: String?) {
    #expect(MediaName.stored(given) == stored.map { Text($0) })
  }

  @Test("a name that is stored is stored as it is", arguments: added.compactMap(\.stored))
  func isFixed(name: String) {
    #expect(MediaName.stored(name) == Text(name))
    #expect(MediaName.canBeStored(name))
  }

  @Test("a stored name has no separator and no NUL, and is no folder", arguments: added.compactMap(\.stored))
  func isNoPath(name: String) {
    #expect(name.utf8.allSatisfy { $0 != 0 && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "\\") })
    #expect(![".", "..", ""].contains(name) && name.utf8.count <= 255)
  }

  @Test("a name that would be changed cannot be stored", arguments: added)
  func cannotBeStored(given: String, stored: String?) {
    #expect(MediaName.canBeStored(given) == (Text(given) == stored.map { Text($0) }))
  }

  @Test("a normalised name is at most 120 bytes, and normal", arguments: added.map(\.given))
  func normal(given: String) {
    let normal = MediaName.normalised(given)
    #expect(normal.utf8.count <= 120)
    #expect(Text(MediaName.normalised(normal)) == Text(normal))
  }
}
