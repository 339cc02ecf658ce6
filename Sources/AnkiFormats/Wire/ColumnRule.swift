/// What a number in a row of `applyChunk` may be (sync-protocol.md 10). Clients are as strict, and a number that one of
/// them cannot read would stop it for good: so what goes out lies within the same bounds.
struct ColumnRule {
  enum Tolerance {
    /// An integer within the range.
    case exact
    /// A fraction is cut off; what lies beyond the range becomes its nearest end.
    case clamped
    /// A fraction is cut off; of what is beyond 32 bits the lower ones count.
    case wrapped
  }

  let range: ClosedRange<Int64>
  let tolerance: Tolerance

  static let any = ColumnRule(range: .min ... .max, tolerance: .exact)
  static let truncated = ColumnRule(range: .min ... .max, tolerance: .clamped)
  static let uint16 = exact(0...0xFFFF)
  static let uint32 = exact(0...0xFFFF_FFFF)
  static let anyUInt32 = ColumnRule(range: 0...0xFFFF_FFFF, tolerance: .clamped)
  static let anyInt32 = ColumnRule(range: Int64(Int32.min)...Int64(Int32.max), tolerance: .clamped)
  static let wrappedInt32 = ColumnRule(range: Int64(Int32.min)...Int64(Int32.max), tolerance: .wrapped)

  static func exact(_ range: ClosedRange<Int64>) -> ColumnRule { ColumnRule(range: range, tolerance: .exact) }

  /// nil where the value is not allowed.
  @inline(__always) func read(_ value: JSONValue) -> Int64? {
    if case .int(let number) = value, range.contains(number) { return number }
    guard tolerance != .exact, let number = value.truncated else { return nil }
    return tolerance == .wrapped ? Int64(Int32(truncatingIfNeeded: number)) : clamp(number)
  }

  @inline(__always) func clamp(_ number: Int64) -> Int64 { min(max(number, range.lowerBound), range.upperBound) }
}
