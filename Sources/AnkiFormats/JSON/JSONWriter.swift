/// Writes JSON: integers exactly, other numbers as they came, and only those characters escaped that must be.
public struct JSONWriter {
  public private(set) var bytes: [UInt8] = []

  public init() {}

  /// The bytes of a value.
  public static func bytes(of value: JSONValue) -> [UInt8] {
    var writer = JSONWriter()
    writer.append(value)
    return writer.bytes
  }

  public mutating func append(_ value: JSONValue) {
    switch value {
    case .null: append(raw: "null")
    case .bool(let value): append(raw: value ? "true" : "false")
    case .int(let value): append(value)
    case .number(let text): bytes.append(contentsOf: text.utf8)
    case .string(let text): append(text)
    case .array(let elements): append(list: elements) { $0.append($1) }
    case .object(let object): append(object)
    }
  }

  public mutating func append(_ object: JSONObject) {
    append(raw: "{")
    var isFirst = true
    for member in object.members {
      if !isFirst { append(raw: ",") }
      isFirst = false
      append(member.key)
      append(raw: ":")
      append(member.value)
    }
    append(raw: "}")
  }

  /// Writes an array whose elements `element` writes.
  public mutating func append<Element>(
    list: some Sequence<Element>, _ element: (inout JSONWriter, Element) throws -> Void
  ) rethrows {
    append(raw: "[")
    var isFirst = true
    for item in list {
      if !isFirst { append(raw: ",") }
      isFirst = false
      try element(&self, item)
    }
    append(raw: "]")
  }

  /// Writes punctuation and words as they are.
  public mutating func append(raw text: StaticString) {
    text.withUTF8Buffer { bytes.append(contentsOf: $0) }
  }

  public mutating func append(_ number: Int64) {
    if number >= 0, number < 10 {
      bytes.append(0x30 &+ UInt8(truncatingIfNeeded: number))
      return
    }
    var magnitude = number.magnitude
    if number < 0 { bytes.append(UInt8(ascii: "-")) }
    let first = bytes.count
    while magnitude > 0 {
      let (quotient, digit) = magnitude.quotientAndRemainder(dividingBy: 10)
      bytes.append(0x30 &+ UInt8(truncatingIfNeeded: digit))
      magnitude = quotient
    }
    bytes[first...].reverse()
  }

  /// Writes a string in quotes. U+0000 is left out, so that a text which never saw the edge does not bring it to a
  /// client (derived-values.md 0).
  public mutating func append(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    var copy = text
    copy.withUTF8 { appendEscaped($0) }
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func appendEscaped(_ text: UnsafeBufferPointer<UInt8>) {
    var scanner = JSONScanner(text)
    var from = 0
    while true {
      scanner.plainText()
      bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[from..<scanner.position]))
      guard scanner.position < text.count else { return }
      escape(text[scanner.position])
      scanner.position &+= 1
      from = scanner.position
    }
  }

  private mutating func escape(_ byte: UInt8) {
    switch byte {
    case 0: break
    case UInt8(ascii: "\""): append(raw: "\\\"")
    case UInt8(ascii: "\\"): append(raw: "\\\\")
    case 0x08: append(raw: "\\b")
    case 0x09: append(raw: "\\t")
    case 0x0A: append(raw: "\\n")
    case 0x0C: append(raw: "\\f")
    case 0x0D: append(raw: "\\r")
    default:
      append(raw: "\\u00")
      let digits: StaticString = "0123456789abcdef"
      bytes.append(digits.utf8Start[Int(byte >> 4)])
      bytes.append(digits.utf8Start[Int(byte & 15)])
    }
  }
}
