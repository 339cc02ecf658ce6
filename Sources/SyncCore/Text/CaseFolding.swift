/// The folding of every code point, in pages of 256 so that a look-up is two array reads.
struct CaseFolding: Sendable {
  static let shared = CaseFolding(single: CaseFoldingTable.single, several: CaseFoldingTable.several)

  /// Where the page of `code point >> 8` begins in `changes`. The page at 0 changes nothing.
  private var pages = [UInt16](repeating: 0, count: 0x1100)
  /// What to add to a code point; from `severalBase` on, an index into `sequences`.
  private var changes = [Int32](repeating: 0, count: 256)
  private(set) var sequences: [[UInt32]] = []
  private static let severalBase: Int32 = 1 << 24

  init(single: String, several: String) {
    for rule in single.split(whereSeparator: \.isWhitespace) { addSingle(rule) }
    for rule in several.split(whereSeparator: \.isWhitespace) { addSeveral(rule) }
  }

  /// The one code point that `value` folds to, or the several.
  enum Folded { case one(UInt32), several([UInt32]) }

  func fold(_ value: UInt32) -> Folded {
    let change = changes[Int(pages[Int(value >> 8)]) << 8 | Int(value & 0xFF)]
    if change < Self.severalBase { return .one(UInt32(truncatingIfNeeded: Int32(truncatingIfNeeded: value) &+ change)) }
    return .several(sequences[Int(change - Self.severalBase)])
  }

  /// `41-5A/1+32`, `B5+775`, `178-121`, `1C90-1CBA/1-3008`.
  private mutating func addSingle(_ rule: Substring) {
    let range = rule.split(separator: "/")
    guard let last = range.last, let sign = last.lastIndex(where: { $0 == "+" || $0 == "-" }) else { return }
    guard let change = Int32(last[sign...]) else { return }
    let bounds = (range.count == 2 ? range[0] : last[..<sign]).split(separator: "-").compactMap { Int($0, radix: 16) }
    let step = range.count == 2 ? Int(last[..<sign]) ?? 1 : 1
    guard let low = bounds.first, let high = bounds.last else { return }
    for value in stride(from: low, through: high, by: step) { set(value, change) }
  }

  /// `DF:73.73`.
  private mutating func addSeveral(_ rule: Substring) {
    let sides = rule.split(separator: ":")
    guard let value = sides.first.flatMap({ Int($0, radix: 16) }), let target = sides.last else { return }
    set(value, Self.severalBase + Int32(sequences.count))
    sequences.append(target.split(separator: ".").compactMap { UInt32($0, radix: 16) })
  }

  private mutating func set(_ value: Int, _ change: Int32) {
    if pages[value >> 8] == 0 {
      pages[value >> 8] = UInt16(changes.count >> 8)
      changes.append(contentsOf: repeatElement(0, count: 256))
    }
    changes[Int(pages[value >> 8]) << 8 | value & 0xFF] = change
  }
}

/// The folded code points of a text, one after the other.
struct FoldedScalars {
  private let bytes: BytesView
  private var index: Int
  private let folding = CaseFolding.shared
  private var rest: ArraySlice<UInt32> = []

  init(_ bytes: BytesView, from index: Int = 0) { (self.bytes, self.index) = (bytes, index) }

  mutating func next() -> UInt32? {
    if let value = rest.popFirst() { return value }
    guard index < bytes.count else { return nil }
    let (value, length) = bytes.scalar(at: index)
    index += length
    switch folding.fold(value) {
    case .one(let folded): return folded
    case .several(let sequence):
      rest = sequence.dropFirst()
      return sequence.first
    }
  }
}
