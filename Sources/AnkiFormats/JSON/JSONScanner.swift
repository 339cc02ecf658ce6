/// Walks over a JSON text (RFC 8259): knows where tokens begin and end, and builds nothing.
struct JSONScanner {
  /// How deep arrays and objects may lie in each other.
  static let maxDepth = 200

  let bytes: UnsafeBufferPointer<UInt8>
  var position: Int
  private(set) var depth = 0
  /// How many elements the array before had: rows of a table are all of one length.
  var width = 0

  init(_ bytes: UnsafeBufferPointer<UInt8>, at position: Int = 0) { (self.bytes, self.position) = (bytes, position) }

  /// The byte at the position; 0, which is no token, at the end.
  @inline(__always) var current: UInt8 { position < bytes.count ? bytes[position] : 0 }

  /// The first byte behind white space, which stays unread.
  @inline(__always) mutating func peek() throws(JSONError) -> UInt8 {
    while position < bytes.count {
      let byte = bytes[position]
      if byte > 0x20 { return byte }
      guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { throw fault() }
      position &+= 1
    }
    throw fault()
  }

  mutating func expectEnd() throws(JSONError) {
    while position < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[position]) { position &+= 1 }
    if position < bytes.count { throw JSONError(.trailing, at: position) }
  }

  func fault() -> JSONError { JSONError(position < bytes.count ? .unexpected : .cutShort, at: position) }

  /// Enters the array or object whose bracket is next.
  @inline(__always) mutating func open() throws(JSONError) {
    guard depth < Self.maxDepth else { throw JSONError(.tooDeep, at: position) }
    depth &+= 1
    position &+= 1
  }

  /// Whether an element follows, which then is next; if not, passes the bracket. A comma before the bracket is found
  /// out by who reads the element.
  @inline(__always) mutating func hasElement(before close: UInt8, _ isFirst: inout Bool) throws(JSONError) -> Bool {
    let byte = try peek()
    if byte == close {
      depth &-= 1
      position &+= 1
      return false
    }
    if isFirst {
      isFirst = false
      return true
    }
    guard byte == UInt8(ascii: ",") else { throw fault() }
    position &+= 1
    return true
  }

  /// The colon between a key and its value.
  @inline(__always) mutating func colon() throws(JSONError) {
    guard try peek() == UInt8(ascii: ":") else { throw fault() }
    position &+= 1
  }

  mutating func literal(_ word: StaticString) throws(JSONError) {
    for index in 0..<word.utf8CodeUnitCount {
      guard current == word.utf8Start[index] else { throw fault() }
      position &+= 1
    }
  }

  // MARK: numbers

  /// Passes a number. Its value is given where it is an integer of at most 18 digits, and nil otherwise.
  @inline(__always) mutating func number() throws(JSONError) -> Int64? {
    let isNegative = current == UInt8(ascii: "-")
    if isNegative { position &+= 1 }
    let first = position
    var value: Int64 = 0
    while position < bytes.count, case let digit = bytes[position] &- 0x30, digit < 10 {
      value = value &* 10 &+ Int64(digit)
      position &+= 1
    }
    let digits = position &- first
    guard digits > 0, digits == 1 || bytes[first] != 0x30 else {
      if digits > 0 { position = first &+ 1 }
      throw fault()
    }
    if current == UInt8(ascii: ".") || current | 0x20 == UInt8(ascii: "e") {
      try fraction()
      return nil
    }
    // -0 is not the integer 0: it keeps its text.
    if digits > 18 || (isNegative && value == 0) { return nil }
    return isNegative ? 0 &- value : value
  }

  private mutating func fraction() throws(JSONError) {
    if current == UInt8(ascii: ".") {
      position &+= 1
      try digits()
    }
    if current | 0x20 == UInt8(ascii: "e") {
      position &+= 1
      if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position &+= 1 }
      try digits()
    }
  }

  private mutating func digits() throws(JSONError) {
    guard current &- 0x30 < 10 else { throw fault() }
    while current &- 0x30 < 10 { position &+= 1 }
  }

  // MARK: strings

  /// Moves to the next quote, backslash or control character.
  @inline(__always) mutating func plainText() {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs: UInt64 = 0x8080_8080_8080_8080
    let raw = UnsafeRawBufferPointer(bytes)
    while position &+ 8 <= bytes.count {
      let word = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: position, as: UInt64.self))
      let quotes = word ^ (ones &* 0x22)
      let slashes = word ^ (ones &* 0x5C)
      let stops =
        ((quotes &- ones) & ~quotes) | ((slashes &- ones) & ~slashes) | ((word &- (ones &* 0x20)) & ~word)
      if stops & highs != 0 {
        position &+= (stops & highs).trailingZeroBitCount / 8
        return
      }
      position &+= 8
    }
    while position < bytes.count, bytes[position] != 0x22, bytes[position] != 0x5C, bytes[position] >= 0x20 {
      position &+= 1
    }
  }

  /// Passes the four hexadecimal digits of `\u`.
  mutating func hexDigits() throws(JSONError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      switch current {
      case 0x30...0x39: value = value << 4 | UInt32(current &- 0x30)
      case 0x41...0x46, 0x61...0x66: value = value << 4 | UInt32((current | 0x20) &- 0x61 &+ 10)
      default: throw fault()
      }
      position &+= 1
    }
    return value
  }
}
