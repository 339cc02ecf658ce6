/// UTF-8 bytes that are borrowed for the time of a call.
typealias BytesView = UnsafeBufferPointer<UInt8>

enum Byte {
  static let space = UInt8(ascii: " ")
  static let less = UInt8(ascii: "<")
  static let greater = UInt8(ascii: ">")
  static let ampersand = UInt8(ascii: "&")
  static let semicolon = UInt8(ascii: ";")
  static let unitSeparator: UInt8 = 0x1F

  /// U+0000 to U+001F and U+007F.
  static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x7F }
  static func isWord(_ byte: UInt8) -> Bool {
    0x61...0x7A ~= lowercased(byte) || 0x30...0x39 ~= byte || byte == UInt8(ascii: "_")
  }
  static func lowercased(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }
}

extension BytesView {
  /// The code point that begins at `index`, and its length. A byte that begins none counts as one U+FFFD.
  func scalar(at index: Int) -> (value: UInt32, length: Int) {
    let lead = self[index]
    if lead < 0x80 { return (UInt32(lead), 1) }
    let (length, least): (Int, UInt32) =
      switch lead {
      case 0xC2...0xDF: (2, 0x80)
      case 0xE0...0xEF: (3, 0x800)
      case 0xF0...0xF4: (4, 0x10000)
      default: (1, .max)
      }
    guard index + length <= count else { return (0xFFFD, 1) }
    var value = UInt32(lead) & (0xFF >> UInt32(length + 1))
    for byte in self[index + 1..<index + length] {
      guard byte & 0xC0 == 0x80 else { return (0xFFFD, 1) }
      value = value << 6 | UInt32(byte & 0x3F)
    }
    return value >= least && Unicode.Scalar(value) != nil ? (value, length) : (0xFFFD, 1)
  }

  /// The code point that ends before `index`, which is not 0.
  func scalar(before index: Int) -> UInt32 {
    var start = index - 1
    while start > 0, index - start < 4, self[start] & 0xC0 == 0x80 { start -= 1 }
    return scalar(at: start).value
  }

  func index(of byte: UInt8, from start: Int) -> Int? {
    var index = start
    while index < count {
      if self[index] == byte { return index }
      index += 1
    }
    return nil
  }

  /// The end of `word`, which is written in lower case, where it stands at `start` in any case. As in the clients,
  /// that includes U+017F, the long s.
  func end(of word: StaticString, at start: Int) -> Int? {
    var index = start
    let matches = word.withUTF8Buffer { word in
      for expected in word {
        guard index < count else { return false }
        let isLongS = expected == UInt8(ascii: "s") && scalar(at: index).value == 0x17F
        guard isLongS || Byte.lowercased(self[index]) == expected else { return false }
        index += isLongS ? 2 : 1
      }
      return true
    }
    return matches ? index : nil
  }
}
