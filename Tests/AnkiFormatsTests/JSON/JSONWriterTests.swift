import AnkiFormats
import Foundation
import Testing

private func written(_ value: JSONValue) -> String { String(decoding: JSONWriter.bytes(of: value), as: UTF8.self) }

@Suite("JSON writer")
struct JSONWriterTests {
  @Test(
    "what was read is written as it came",
    arguments: [
      "null", "true", "[]", "{}", "[1,-1,0,9,10,-10,9223372036854775807,-9223372036854775808]",
      "[1.0,0.10,-0,1e400,12345678901234567890]", #"{"b":{"a":[]},"a":"x","c":null}"#, #""é😀/ ""#,
      #""\"\\\b\f\n\r\t\u0001\u001f""#, "\"\u{7f}\"",
    ])
  func verbatim(text: String) throws {
    #expect(written(try JSONValue(parsing: text.utf8)) == text)
  }

  @Test("U+0000 is never written")
  func noNUL() {
    #expect(written(.object(["a\0b": .string("\0c\0")])) == #"{"ab":"c"}"#)
  }

  @Test(
    "32-bit floats are written shortest, whole ones with a fraction, and what JSON cannot say as zero",
    arguments: [
      (0.9, "0.9"), (1.3, "1.3"), (0.85, "0.85"), (1, "1.0"), (36500, "36500.0"), (0, "0.0"), (8.2956, "8.2956"),
      (.nan, "0.0"), (.infinity, "0.0"),
    ] as [(Float, String)])
  func floats(value: Float, text: String) {
    #expect(written(.float(value)) == text)
  }

  @Test("Foundation reads what is written as the same value")
  func foundation() throws {
    var random = SplitMix(state: 7)
    for _ in 0..<500 {
      let value = JSONValue.random(&random, depth: 4)
      let bytes = JSONWriter.bytes(of: value)
      #expect(try JSONValue(parsing: bytes) == value)
      let theirs = try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
      #expect(value.isSame(as: theirs))
    }
  }
}

extension JSONValue {
  /// A value without what Foundation cannot tell or keep apart: equal keys under canonical equivalence, long numbers.
  static func random(_ random: inout SplitMix, depth: Int) -> JSONValue {
    switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &random) {
    case 0: .null
    case 1: .bool(.random(using: &random))
    case 2: .int(.random(in: .min ... .max, using: &random))
    case 3: .number("\(Int.random(in: -999...999, using: &random)).\(Int.random(in: 0...99, using: &random))")
    case 4, 5: .string(randomText(&random))
    case 6: .array((0..<Int.random(in: 0...5, using: &random)).map { _ in .random(&random, depth: depth - 1) })
    default:
      .object(
        JSONObject(
          (0..<Int.random(in: 0...5, using: &random)).map { .init("k\($0)", .random(&random, depth: depth - 1)) }))
    }
  }

  private static func randomText(_ random: inout SplitMix) -> String {
    let scalars: [Unicode.Scalar] = ["a", "\"", "\\", "\n", "\u{1}", "é", "\u{301}", "日", "😀", "\u{FFFF}", "/", " "]
    let count = Int.random(in: 0...20, using: &random)
    return (0..<count).reduce(into: "") { text, _ in
      text.unicodeScalars.append(scalars.randomElement(using: &random) ?? "a")
    }
  }

  fileprivate func isSame(as theirs: Any) -> Bool {
    switch self {
    case .null: theirs is NSNull
    case .bool(let value): (theirs as? NSNumber)?.boolValue == value
    case .int(let value): (theirs as? NSNumber)?.int64Value == value
    case .number(let text): (theirs as? NSNumber)?.doubleValue == Double(text)
    case .string(let text): (theirs as? String).map { Array($0.utf8) == Array(text.utf8) } ?? false
    case .array(let elements):
      (theirs as? [Any]).map { $0.count == elements.count && zip(elements, $0).allSatisfy { $0.isSame(as: $1) } }
        ?? false
    case .object(let object):
      (theirs as? [String: Any]).map { members in
        members.count == object.members.count
          && object.members.allSatisfy { member in members[member.key].map(member.value.isSame(as:)) ?? false }
      } ?? false
    }
  }
}

/// A generator whose numbers are the same in every run.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
