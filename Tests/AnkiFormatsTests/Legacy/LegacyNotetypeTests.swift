import AnkiFormats
import SyncCore
import Testing

@Suite("legacy notetypes")
struct LegacyNotetypeTests {
  let base: JSONObject

  init() throws { base = try Captured().object("models", named: "Own") }

  /// The notetype with one key of itself, its first field or its first template changed, there and back.
  private func converted(_ list: String?, _ key: String, _ value: JSONValue?) throws -> JSONObject {
    var notetype = base
    if let list {
      var objects = try #require(base[list]?.array)
      var first = try #require(objects[0].object)
      first[key] = value
      objects[0] = .object(first)
      notetype[list] = .array(objects)
      return try #require(try Legacy.json(of: Legacy.notetype(from: notetype))[list]?.array?[0].object)
    }
    notetype[key] = value
    return try Legacy.json(of: Legacy.notetype(from: notetype))
  }

  @Test(
    "missing and ill-typed keys are refused",
    arguments: [
      (nil, "id", nil), (nil, "name", nil), (nil, "type", nil), (nil, "type", .int(2)), (nil, "mod", .string("1")),
      (nil, "usn", nil), (nil, "sortf", nil), (nil, "sortf", .int(-1)), (nil, "did", nil), (nil, "css", nil),
      (nil, "tmpls", nil), (nil, "flds", .array([.int(1)])), (nil, "latexPre", .null),
      (nil, "originalStockKind", .string("1")), ("flds", "name", nil), ("flds", "sticky", nil), ("flds", "rtl", .null),
      ("flds", "font", nil), ("flds", "size", .int(65536)), ("flds", "size", .number("20.0")), ("tmpls", "name", nil),
      ("tmpls", "qfmt", nil), ("tmpls", "afmt", .null),
    ] as [(String?, String, JSONValue?)])
  func refused(list: String?, key: String, value: JSONValue?) {
    let error = #expect(throws: SyncError.self) { try converted(list, key, value) }
    #expect(error?.code == .invalid)
    #expect(error?.message.contains(key) == true)
  }

  @Test(
    "tolerated values are read as what they mean",
    arguments: [
      (nil, "id", .string("5"), .int(5)), (nil, "did", .null, .null), (nil, "did", .string("x"), .null),
      (nil, "did", .int(0), .null), (nil, "css", .null, .string("")), (nil, "latexsvg", .int(1), .bool(false)),
      (nil, "req", .string("x"), .array([])),
      (nil, "req", .array([.array([.int(0), .string("x"), .array([])])]), .array([])),
      (
        nil, "req", .array([.array([.int(1), .string("all"), .array([.int(0), .int(2)])])]),
        .array([.array([.int(1), .string("all"), .array([.int(0), .int(2)])])])
      ),
      (nil, "originalStockKind", .int(0), nil), (nil, "originalId", .int(-3), .int(-3)),
      (nil, "originalId", .null, nil),
      (nil, "sortf", .int(99), .int(99)), (nil, "flds", .array([]), .array([])), ("flds", "ord", .int(9), .int(0)),
      ("flds", "sticky", .int(1), .bool(true)), ("flds", "rtl", .string("true"), .bool(true)),
      ("flds", "rtl", .string("no"), .bool(false)), ("flds", "description", .null, .string("")),
      ("flds", "plainText", .int(1), .bool(false)), ("flds", "id", .string("x"), .null),
      ("flds", "id", .int(.min), .int(.min)), ("flds", "tag", nil, .null), ("flds", "tag", .int(0), .int(0)),
      ("flds", "tag", .int(-1), .null), ("tmpls", "ord", nil, .int(0)), ("tmpls", "bqfmt", nil, .string("")),
      ("tmpls", "did", .int(-1), .null), ("tmpls", "bsize", .int(256), .int(0)),
      ("tmpls", "bsize", .int(255), .int(255)),
      ("tmpls", "bfont", .null, .string("")), ("tmpls", "id", .null, .null),
    ] as [(String?, String, JSONValue?, JSONValue?)])
  func tolerated(list: String?, key: String, value: JSONValue?, expected: JSONValue?) throws {
    #expect(try converted(list, key, value)[key] == expected)
  }

  @Test("the position in the list is the position, whatever the key says")
  func positions() throws {
    var notetype = base
    notetype["flds"] = .array(try #require(base["flds"]?.array).reversed())
    let bundle = try Legacy.notetype(from: notetype)
    #expect(bundle.fields.map(\.ord) == [0, 1])
    #expect(bundle.fields.map(\.name) == ["Back", "Front"])
    #expect(bundle.fields.allSatisfy { $0.ntid == bundle.notetype.id })
  }

  @Test("the sort field is told, also of a notetype that cannot be read")
  func sortField() throws {
    var notetype = try Legacy.notetype(from: base).notetype
    #expect(Blobs.sortField(of: notetype) == 1)
    notetype.config = [0xFF]
    #expect(Blobs.sortField(of: notetype) == 0)
  }
}

@Suite("protobuf messages in rows")
struct BlobsTests {
  /// Cut short; a field number of zero; a string that is not UTF-8 in field 3 or 4 of every message.
  static let broken: [[UInt8]] = [[0x0A, 0x05, 0x61], [0x00], [0xFF, 0xFF]]

  @Test("a message that cannot be read is refused", arguments: broken)
  func refused(bytes: [UInt8]) throws {
    var (deck, config) = (Deck(), DeckConfig())
    (deck.common, deck.kind, config.config) = (bytes, [0x0A, 0x00], bytes)
    #expect(throws: SyncError.self) { try Blobs.check(deck) }
    #expect(throws: SyncError.self) { try Blobs.check(config) }
    var (notetype, field, template) = (Notetype(), Field(), Template())
    (notetype.config, field.config, template.config) = (bytes, bytes, bytes)
    #expect(throws: SyncError.self) { try Blobs.check(notetype) }
    #expect(throws: SyncError.self) { try Blobs.check(field) }
    #expect(throws: SyncError.self) { try Blobs.check(template) }
  }

  @Test("an empty message is valid, but a deck must be normal or filtered")
  func empty() throws {
    try Blobs.check(DeckConfig())
    try Blobs.check(Notetype())
    try Blobs.check(Field())
    try Blobs.check(Template())
    var deck = Deck()
    #expect(throws: SyncError.self) { try Blobs.check(deck) }
    deck.kind = [0x0A, 0x00]
    try Blobs.check(deck)
    #expect(try Legacy.json(of: deck)["dyn"] == .int(0))
    deck.kind = [0x12, 0x00]
    try Blobs.check(deck)
    #expect(try Legacy.json(of: deck)["dyn"] == .int(1))
  }

  @Test("messages within messages are bounded")
  func depth() throws {
    // Groups of the unknown field 100, each inside the one before.
    let nested = [UInt8](repeating: 0, count: 5000).flatMap { _ in [0xA3, 0x06] as [UInt8] }
    var config = DeckConfig()
    config.config = nested
    #expect(throws: SyncError.self) { try Blobs.check(config) }
  }

  @Test("what stands for unknown keys and is no object counts as none")
  func brokenOther() throws {
    var template = Template()
    template.name = "t"
    // Field 255 with the text `[1]`.
    template.config = [0xFA, 0x0F, 0x03] + Array("[1]".utf8)
    let bundle = NotetypeBundle(Notetype(), fields: [], templates: [template])
    let json = try Legacy.json(of: bundle)["tmpls"]?.array?[0].object
    #expect(json?["name"] == .string("t"))
    #expect(json?.members.count == 10)
  }

  @Test("a known key among the unknown ones is not written twice")
  func reservedOther() throws {
    var template = Template()
    let other = Array(#"{"qfmt":"x","mine":1}"#.utf8)
    template.config = [0xFA, 0x0F, UInt8(other.count)] + other
    let json = try Legacy.json(of: NotetypeBundle(Notetype(), fields: [], templates: [template]))
    let object = try #require(json["tmpls"]?.array?[0].object)
    #expect(object["qfmt"] == .string(""))
    #expect(object["mine"] == .int(1))
    #expect(object.members.count == 11)
  }
}
