/// Decodes character references (derived-values.md 1, strip, pass c).
enum Entities {
  /// The text with every reference decoded and every U+00A0 made a space; nil, so that the text stays as it is, where
  /// there is no `&` or one that begins no valid reference.
  static func decoded(_ bytes: BytesView) -> [UInt8]? {
    var (output, position): ([UInt8], Int) = ([], 0)
    while let ampersand = bytes.index(of: Byte.ampersand, from: position) {
      guard let reference = reference(in: bytes, at: ampersand + 1) else { return nil }
      output += bytes[position..<ampersand]
      output += UTF8.encode(reference.scalar).map(Array.init) ?? []
      position = reference.end
    }
    return position == 0 ? nil : spacingOut(output + bytes[position...])
  }

  private static func reference(in bytes: BytesView, at start: Int) -> (scalar: Unicode.Scalar, end: Int)? {
    guard let end = bytes.index(of: Byte.semicolon, from: start) else { return nil }
    let body = bytes[start..<end]
    let scalar = body.first == UInt8(ascii: "#") ? number(body.dropFirst()) : name(body)
    return scalar.map { ($0, end + 1) }
  }

  /// `65` or `x41`, with any number of leading zeros.
  private static func number(_ body: Slice<BytesView>) -> Unicode.Scalar? {
    let isHexadecimal = body.first == UInt8(ascii: "x")
    let digits = isHexadecimal ? body.dropFirst() : body
    guard !digits.isEmpty else { return nil }
    let radix: UInt32 = isHexadecimal ? 16 : 10
    var value: UInt32 = 0
    for byte in digits {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, digit < radix else { return nil }
      value = value * radix + UInt32(digit)
      guard value <= 0x10FFFF else { return nil }
    }
    return Unicode.Scalar(value)
  }

  private static func name(_ body: Slice<BytesView>) -> Unicode.Scalar? { packed(body).flatMap { names[$0] } }

  private static let names: [UInt64: Unicode.Scalar] = EntityNames.table.split(whereSeparator: \.isWhitespace)
    .reduce(into: [:]) { names, entry in
      let sides = entry.split(separator: "=")
      guard let key = sides.first.flatMap({ packed($0.utf8) }), let value = sides.last.flatMap({ UInt32($0) }) else {
        return
      }
      names[key] = Unicode.Scalar(value)
    }

  /// A name as one number: none has more than eight letters.
  private static func packed(_ name: some Collection<UInt8>) -> UInt64? {
    guard 1...8 ~= name.count else { return nil }
    return name.reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// U+00A0 is C2 A0 in UTF-8.
  private static func spacingOut(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.contains(0xA0) else { return bytes }
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count)
    for byte in bytes {
      if byte == 0xA0, output.last == 0xC2 {
        output[output.count - 1] = Byte.space
      } else {
        output.append(byte)
      }
    }
    return output
  }
}
