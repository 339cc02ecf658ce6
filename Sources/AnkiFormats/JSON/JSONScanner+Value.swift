extension JSONValue {
  /// Reads a text that holds one value and nothing else.
  ///
  /// Text at the edge (derived-values.md 0): U+0000 is removed and a lone surrogate becomes U+FFFD, in keys too; of
  /// equal keys the last one counts. Bytes that are not UTF-8 are refused: no client writes them, so they are damage on
  /// the way, and replacing them would keep the damage for good.
  public init(parsing bytes: some Collection<UInt8>) throws(JSONError) {
    let read = { (bytes: UnsafeBufferPointer<UInt8>) in Result { () throws(JSONError) in try JSONValue(bytes) } }
    self = try (bytes.withContiguousStorageIfAvailable(read) ?? Array(bytes).withUnsafeBufferPointer(read)).get()
  }

  private init(_ bytes: UnsafeBufferPointer<UInt8>) throws(JSONError) {
    var scanner = JSONScanner(bytes)
    self = try scanner.value()
    try scanner.expectEnd()
  }
}

extension JSONScanner {
  /// Reads the value that is next.
  mutating func value() throws(JSONError) -> JSONValue {
    switch try peek() {
    case UInt8(ascii: "{"): .object(try object())
    case UInt8(ascii: "["): .array(try array())
    case UInt8(ascii: "\""): .string(try string())
    case UInt8(ascii: "t"): try word("true", .bool(true))
    case UInt8(ascii: "f"): try word("false", .bool(false))
    case UInt8(ascii: "n"): try word("null", .null)
    default: try numberValue()
    }
  }

  private mutating func word(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
    try literal(word)
    return value
  }

  private mutating func numberValue() throws(JSONError) -> JSONValue {
    let start = position
    if let value = try number() { return .int(value) }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    // `Int64("-0")` is 0, which would lose the sign.
    if text != "-0", let value = Int64(text) { return .int(value) }
    return .number(text)
  }

  private mutating func array() throws(JSONError) -> [JSONValue] {
    var elements: [JSONValue] = []
    elements.reserveCapacity(min(width, 32))
    var isFirst = true
    try open()
    while try hasElement(before: UInt8(ascii: "]"), &isFirst) { elements.append(try value()) }
    width = elements.count
    return elements
  }

  private mutating func object() throws(JSONError) -> JSONObject {
    var members: [JSONObject.Member] = []
    var isFirst = true
    try open()
    while try hasElement(before: UInt8(ascii: "}"), &isFirst) { members.append(.init(try key(), try value())) }
    return JSONObject(members)
  }

  /// Reads a key and its colon.
  mutating func key() throws(JSONError) -> String {
    guard try peek() == UInt8(ascii: "\"") else { throw fault() }
    let key = try string()
    try colon()
    return key
  }

  /// Reads the string whose quote is next.
  private mutating func string() throws(JSONError) -> String {
    position &+= 1
    let start = position
    plainText()
    guard current == UInt8(ascii: "\"") else { return try escapedString(from: start) }
    position &+= 1
    return try text(UnsafeBufferPointer(rebasing: bytes[start..<position &- 1]), from: start)
  }

  private func text(_ buffer: UnsafeBufferPointer<UInt8>, from start: Int) throws(JSONError) -> String {
    guard let text = String(validating: buffer, as: UTF8.self) else { throw JSONError(.notUTF8, at: start) }
    return text
  }

  private mutating func escapedString(from start: Int) throws(JSONError) -> String {
    var unescaped: [UInt8] = []
    var from = start
    while true {
      unescaped.append(contentsOf: bytes[from..<position])
      switch current {
      case UInt8(ascii: "\""):
        position &+= 1
        let read = unescaped.withUnsafeBufferPointer { buffer in
          Result { () throws(JSONError) in try text(buffer, from: start) }
        }
        return try read.get()
      case UInt8(ascii: "\\"): try escape(into: &unescaped)
      default: throw fault()
      }
      from = position
      plainText()
    }
  }

  private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
    position &+= 1
    let byte = current
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      position &+= 1
      let scalar = try codePoint()
      if scalar != "\0" { text.append(contentsOf: String(scalar).utf8) }
      return
    default: throw fault()
    }
    position &+= 1
  }

  /// The scalar of `\u`, whose four digits are next; a pair of surrogates is one scalar, half a pair is U+FFFD.
  private mutating func codePoint() throws(JSONError) -> Unicode.Scalar {
    let unit = try hexDigits()
    guard unit & 0xFC00 == 0xD800 else { return Unicode.Scalar(unit) ?? "\u{FFFD}" }
    let behind = position
    guard current == UInt8(ascii: "\\") else { return "\u{FFFD}" }
    position &+= 1
    if current == UInt8(ascii: "u") {
      position &+= 1
      let low = try hexDigits()
      if low & 0xFC00 == 0xDC00 {
        return Unicode.Scalar(0x10000 + ((unit & 0x3FF) << 10) + (low & 0x3FF)) ?? "\u{FFFD}"
      }
    }
    // What follows is not the other half: it is read again, for itself.
    position = behind
    return "\u{FFFD}"
  }
}
