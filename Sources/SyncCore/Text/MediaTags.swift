/// Finds tags that show or play a file (derived-values.md 1, strip, pass a).
///
/// The passage between the tag's name and `src=` may hold `>` only inside quotes, and which quotes open something is
/// decided by trying, in the order of a backtracking matcher. Positions that led nowhere are remembered, so the work
/// grows with the text and not with its square.
struct MediaTags {
  struct Match {
    let name: Range<Int>
    let end: Int
  }
  private static let names: [StaticString] = ["img", "audio", "video", "object", "source"]
  private static let attributes: [StaticString] = ["src=", "data="]

  private let bytes: BytesView
  /// Positions from which no attribute can be reached, whichever tag they belong to.
  private var dead: [Bool] = []

  /// The text with every media tag replaced by space, file name, space; nil where there is none.
  static func namingFiles(in bytes: BytesView) -> [UInt8]? {
    guard let lastClose = bytes.lastIndex(of: Byte.greater) else { return nil }
    var tags = MediaTags(bytes: bytes)
    var (output, copied, position): ([UInt8], Int, Int) = ([], 0, 0)
    while let open = bytes.index(of: Byte.less, from: position), open < lastClose {
      position = open + 1
      guard let match = tags.match(at: open) else { continue }
      output += bytes[copied..<open]
      output.append(Byte.space)
      output += bytes[match.name]
      output.append(Byte.space)
      (copied, position) = (match.end, match.end)
    }
    return copied == 0 ? nil : output + bytes[copied...]
  }

  private init(bytes: BytesView) { self.bytes = bytes }

  private mutating func match(at open: Int) -> Match? {
    for name in Self.names {
      guard let end = bytes.end(of: name, at: open + 1), end < bytes.count else { continue }
      return isWord(bytes.scalar(at: end).value) ? nil : attribute(from: end)
    }
    return nil
  }

  private mutating func attribute(from start: Int) -> Match? {
    if dead.isEmpty { dead = Array(repeating: false, count: bytes.count) }
    var quotes: [Int] = []
    var position = start
    while true {
      if let match = walk(from: position, &quotes) { return match }
      guard let next = leaveQuote(&quotes) else { return nil }
      position = next
    }
  }

  /// Goes on to the next `>`, noting the quotes it passes.
  private mutating func walk(from start: Int, _ quotes: inout [Int]) -> Match? {
    for position in start..<bytes.count {
      if dead[position] || bytes[position] == Byte.greater { return nil }
      if let match = value(at: position) { return match }
      dead[position] = true
      if bytes[position] == UInt8(ascii: "\"") || bytes[position] == UInt8(ascii: "'") { quotes.append(position) }
    }
    return nil
  }

  /// The position after the quoted stretch that the last noted quote opens; of those that open none the one before.
  private func leaveQuote(_ quotes: inout [Int]) -> Int? {
    while let open = quotes.popLast() {
      if let close = bytes.index(of: bytes[open], from: open + 1), close > open + 1 { return close + 1 }
    }
    return nil
  }

  /// The attribute that begins at `position` and follows no letter, with its value and the tag's end.
  private func value(at position: Int) -> Match? {
    let ends = Self.attributes.lazy.compactMap { bytes.end(of: $0, at: position) }
    guard let start = ends.first, start < bytes.count, !isWord(bytes.scalar(before: position)) else { return nil }
    return quoted(at: start) ?? unquoted(at: start)
  }

  private func quoted(at start: Int) -> Match? {
    let quote = bytes[start]
    guard quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { return nil }
    guard let close = bytes.index(of: quote, from: start + 1), close > start + 1 else { return nil }
    return bytes.index(of: Byte.greater, from: close).map { Match(name: start + 1..<close, end: $0 + 1) }
  }

  private func unquoted(at start: Int) -> Match? {
    guard bytes[start] != Byte.greater else { return nil }
    let isEnd = { (byte: UInt8) in byte == Byte.space || byte == Byte.greater }
    guard let end = bytes[(start + 1)...].firstIndex(where: isEnd) else { return nil }
    return bytes.index(of: Byte.greater, from: end).map { Match(name: start..<end, end: $0 + 1) }
  }

  /// What a regular expression calls `\w`.
  private func isWord(_ value: UInt32) -> Bool {
    if value < 0x80 { return Byte.isWord(UInt8(value)) }
    guard let properties = Unicode.Scalar(value)?.properties else { return false }
    switch properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: return true
    default: return properties.isAlphabetic || properties.isJoinControl
    }
  }
}
