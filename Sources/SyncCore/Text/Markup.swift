/// Removes tags, comments, styles and scripts (derived-values.md 1, strip, pass b).
struct Markup {
  private let bytes: BytesView
  private var comment = Terminator("-->")
  private var style = Terminator("</style>")
  private var script = Terminator("</script>")

  /// The text without markup; nil where there is none.
  static func removed(from bytes: BytesView) -> [UInt8]? {
    var markup = Markup(bytes: bytes)
    var (output, position): ([UInt8], Int) = ([], 0)
    while let open = bytes.index(of: Byte.less, from: position), let end = markup.end(of: open) {
      output += bytes[position..<open]
      position = end
    }
    return position == 0 ? nil : output + bytes[position...]
  }

  private init(bytes: BytesView) { self.bytes = bytes }

  /// The end of what begins at `open`; nil where no `>` follows, so that nothing after it is markup either.
  private mutating func end(of open: Int) -> Int? {
    guard let close = bytes.index(of: Byte.greater, from: open + 1) else { return nil }
    let special: Int? =
      if let start = bytes.end(of: "<!--", at: open) {
        comment.end(in: bytes, from: start)
      } else if bytes.end(of: "<style", at: open) != nil {
        style.end(in: bytes, from: close + 1)
      } else if bytes.end(of: "<script", at: open) != nil {
        script.end(in: bytes, from: close + 1)
      } else {
        nil
      }
    return special ?? close + 1
  }
}

/// Looks for a closing word, and does not look again once there is none: else many openers would cost their square.
private struct Terminator {
  let word: StaticString
  var isAbsent = false

  init(_ word: StaticString) { self.word = word }

  mutating func end(in bytes: BytesView, from start: Int) -> Int? {
    guard !isAbsent else { return nil }
    for index in start..<max(start, bytes.count) {
      if let end = bytes.end(of: word, at: index) { return end }
    }
    isAbsent = true
    return nil
  }
}
