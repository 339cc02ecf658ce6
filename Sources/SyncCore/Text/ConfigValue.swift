/// Reads the values of ``ConfigEntry``: the JSON text of a scalar (collection-format.md 7).
public enum ConfigValue {
  /// An integer; nil for `null` and everything else, fractions and what does not fit 64 bits included.
  public static func integer(_ json: Text) -> Int64? {
    let digits = scalar(json)
    let unsigned = digits.first == UInt8(ascii: "-") ? digits.dropFirst() : digits
    // JSON knows neither `+1` nor `01`, which `Int64` reads.
    guard unsigned.allSatisfy({ 0x30...0x39 ~= $0 }), unsigned.count == 1 || unsigned.first != 0x30 else { return nil }
    return Int64(Substring(digits))
  }

  /// `true` or `false`; nil for everything else.
  public static func flag(_ json: Text) -> Bool? { Bool(String(Substring(scalar(json)))) }

  /// The text without the white space that JSON allows around a value.
  private static func scalar(_ json: Text) -> Substring.UTF8View {
    let isSpace = { (byte: UInt8) in byte == 0x20 || 0x09...0x0A ~= byte || byte == 0x0D }
    let start = json.utf8.firstIndex { !isSpace($0) } ?? json.utf8.endIndex
    let end = json.utf8.lastIndex { !isSpace($0) }.map(json.utf8.index(after:)) ?? json.utf8.endIndex
    return json.utf8[start..<end]
  }
}
