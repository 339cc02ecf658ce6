/// A JSON value that goes back as it came: 64-bit integers are exact, `1`, `1.0` and `true` are three different things,
/// and a number that is no 64-bit integer keeps its text (sync-protocol.md 13, trap 1).
///
/// Texts are compared byte by byte, never by canonical equivalence.
public enum JSONValue: Sendable {
  case null
  case bool(Bool)
  case int(Int64)
  /// Any other number, as it was written.
  case number(String)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)
}

extension JSONValue: Equatable {
  public static func == (a: JSONValue, b: JSONValue) -> Bool {
    switch (a, b) {
    case (.null, .null): true
    case (.bool(let a), .bool(let b)): a == b
    case (.int(let a), .int(let b)): a == b
    case (.number(let a), .number(let b)): a.hasSameBytes(as: b)
    case (.string(let a), .string(let b)): a.hasSameBytes(as: b)
    case (.array(let a), .array(let b)): a == b
    case (.object(let a), .object(let b)): a == b
    default: false
    }
  }
}

extension JSONValue {
  /// The shortest number that reads back as the same 32-bit float, with `.0` where it is whole (sync-protocol.md 13,
  /// trap 3). What JSON cannot say (NaN, infinity) becomes `0.0`.
  public static func float(_ value: Float) -> JSONValue { .number(value.isFinite ? value.description : "0.0") }

  public var isNull: Bool { self == .null }

  public var bool: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }
  /// The value of a number written as a 64-bit integer.
  public var int: Int64? {
    if case .int(let value) = self { value } else { nil }
  }
  /// The value of any number; it may have been rounded.
  public var double: Double? {
    switch self {
    case .int(let value): Double(value)
    case .number(let text): Double(text)
    default: nil
    }
  }
  public var string: String? {
    if case .string(let value) = self { value } else { nil }
  }
  public var array: [JSONValue]? {
    if case .array(let value) = self { value } else { nil }
  }
  public var object: JSONObject? {
    if case .object(let value) = self { value } else { nil }
  }

  /// The number without its fraction, kept within 64 bits.
  public var truncated: Int64? {
    if let int { return int }
    guard let value = double, !value.isNaN else { return nil }
    return Int64(exactly: value.rounded(.towardZero)) ?? (value < 0 ? .min : .max)
  }
  /// An integer, or a text that is the decimal form of one (collection-format.md 5, "number-or-string").
  public var intOrDecimal: Int64? { int ?? string.flatMap { Int64($0) } }
}

extension String {
  /// `==` of strings is canonical equivalence, which would take U+212A for `K`.
  func hasSameBytes(as other: String) -> Bool {
    utf8.count == other.utf8.count && utf8.elementsEqual(other.utf8)
  }
}
