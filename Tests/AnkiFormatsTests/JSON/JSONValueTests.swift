import AnkiFormats
import Testing

private func parse(_ text: String) throws -> JSONValue { try JSONValue(parsing: text.utf8) }

@Suite("JSON values")
struct JSONValueTests {
  @Test(
    "every kind of value is read as what it is",
    arguments: [
      ("null", .null), (" true\n", .bool(true)), ("false", .bool(false)), ("0", .int(0)), ("1", .int(1)),
      ("1.0", .number("1.0")), ("2500", .int(2500)), ("2500.0", .number("2500.0")), ("1e3", .number("1e3")),
      ("-1.5E-10", .number("-1.5E-10")), ("-4027478032341552798", .int(-4_027_478_032_341_552_798)),
      ("9223372036854775807", .int(.max)), ("-9223372036854775808", .int(.min)),
      ("9223372036854775808", .number("9223372036854775808")), ("123456789012345678", .int(123_456_789_012_345_678)),
      ("-0", .number("-0")), ("\"\"", .string("")), ("[]", .array([])), ("{ }", .object([:])),
      ("[1,[2],\"x\"]", .array([.int(1), .array([.int(2)]), .string("x")])),
      ("{\"a\":{\"b\":[null]}}", .object(["a": .object(["b": .array([.null])])])),
    ] as [(String, JSONValue)])
  func kinds(text: String, value: JSONValue) throws {
    #expect(try parse(text) == value)
  }

  @Test("one, one point zero and true are three values")
  func threeOnes() {
    #expect(JSONValue.int(1) != .number("1.0"))
    #expect(JSONValue.int(1) != .bool(true))
  }

  @Test(
    "escapes are read, half a pair of surrogates is U+FFFD, and U+0000 is removed",
    arguments: [
      (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"), (#""\u00e9\u001f""#, "é\u{1f}"),
      (#""\ud83d\ude00\uFFFF""#, "😀\u{FFFF}"), (#""a\ud800b""#, "a\u{FFFD}b"), (#""\udc00""#, "\u{FFFD}"),
      (#""\ud800\ud83d\ude00""#, "\u{FFFD}😀"), (#""\ud800\n""#, "\u{FFFD}\n"), (#""\ud800\u0041""#, "\u{FFFD}A"),
      (#""a\u0000b""#, "ab"), (#""\u0000""#, ""),
      (
        #""éA日本 long enough to be read by words of eight 😀""#,
        "éA日本 long enough to be read by words of eight 😀"
      ),
    ])
  func escapes(text: String, value: String) throws {
    let read = try #require(try parse(text).string)
    #expect(Array(read.utf8) == Array(value.utf8))
  }

  @Test("text is neither composed nor decomposed")
  func noNormalisation() throws {
    let read = try #require(try parse("[\"\u{e9}\",\"e\u{301}\"]").array)
    #expect(read[0] != read[1])
  }

  @Test(
    "what is not JSON is refused, with the place",
    arguments: [
      ("", .cutShort, 0), ("  ", .cutShort, 2), ("nul", .cutShort, 3), ("nulL", .unexpected, 3),
      ("tru}", .unexpected, 3),
      ("01", .unexpected, 1), ("-", .cutShort, 1), ("+1", .unexpected, 0), (".5", .unexpected, 0), ("1.", .cutShort, 2),
      ("1e", .cutShort, 2), ("1.e1", .unexpected, 2), ("NaN", .unexpected, 0), ("-Infinity", .unexpected, 1),
      ("[1,]", .unexpected, 3), ("[,1]", .unexpected, 1), ("[1 2]", .unexpected, 3), ("[1", .cutShort, 2),
      ("{\"a\":1,}", .unexpected, 7), ("{a:1}", .unexpected, 1), ("{\"a\" 1}", .unexpected, 5),
      ("{\"a\":}", .unexpected, 5),
      ("{\"a\":1", .cutShort, 6), ("\"a", .cutShort, 2), ("\"\\x\"", .unexpected, 2), ("\"\\u12g4\"", .unexpected, 5),
      ("\"\\", .cutShort, 2), ("\"a\tb\"", .unexpected, 2), ("\"\u{0}\"", .unexpected, 1), ("1 2", .trailing, 2),
      ("{}x", .trailing, 2), ("\u{FEFF}1", .unexpected, 0),
    ] as [(String, JSONError.Kind, Int)])
  func refusals(text: String, kind: JSONError.Kind, offset: Int) {
    let error = #expect(throws: JSONError.self) { try parse(text) }
    #expect(error?.kind == kind)
    #expect(error?.offset == offset)
  }

  @Test(
    "bytes that are not UTF-8 are refused",
    arguments: [[0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80]] as [[UInt8]])
  func notUTF8(bytes: [UInt8]) {
    let error = #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22] + bytes + [0x22]) }
    #expect(error?.kind == .notUTF8)
  }

  @Test("two hundred levels are read, and no more")
  func depth() throws {
    let nested = { (depth: Int) in String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
    #expect(try parse(nested(200)).array != nil)
    let error = #expect(throws: JSONError.self) { try parse(nested(201)) }
    #expect(error?.kind == .tooDeep)
    #expect(throws: JSONError.self) { try parse(String(repeating: "{\"a\":", count: 100_000)) }
  }

  @Test("brackets side by side are not depth")
  func siblings() throws {
    let list = "[" + Array(repeating: "[{}]", count: 1000).joined(separator: ",") + "]"
    #expect(try parse(list).array?.count == 1000)
  }

  @Test("of equal keys the last one counts, also where they become equal only by reading")
  func equalKeys() throws {
    #expect(try parse(#"{"a":1,"b":2,"a":3}"#) == .object(["a": .int(3), "b": .int(2)]))
    #expect(try parse(#"{"a":1,"a\u0000":2}"#) == .object(["a": .int(2)]))
    #expect(try parse(#"{"a":1,"\u0061":2}"#).object?.keys == ["a"])
  }
}

@Suite("JSON objects")
struct JSONObjectTests {
  @Test("keys are compared byte by byte")
  func keys() throws {
    let object = try #require(try parse("{\"\u{212A}\":1,\"K\":2,\"\u{e9}\":3,\"e\u{301}\":4}").object)
    #expect(object.members.count == 4)
    #expect(object["K"] == .int(2))
    #expect(object["\u{212A}"] == .int(1))
    #expect(object["e\u{301}"] == .int(4))
  }

  @Test("order is kept, and does not matter for equality")
  func order() throws {
    let object = try #require(try parse(#"{"z":1,"a":2,"m":3}"#).object)
    #expect(object.keys == ["z", "a", "m"])
    #expect(object == ["a": .int(2), "m": .int(3), "z": .int(1)])
    #expect(object != ["a": .int(2), "m": .int(3), "z": .int(2)])
    #expect(object != ["a": .int(2), "m": .int(3)])
  }

  @Test("a member is replaced in its place, added at the end, and removed by nil")
  func subscripts() {
    var object: JSONObject = ["a": .int(1), "b": .int(2)]
    object["a"] = .int(3)
    object["c"] = .null
    object["b"] = nil
    #expect(object.keys == ["a", "c"])
    #expect(object["a"] == .int(3))
    #expect(object["b"] == nil)
  }
}
