/// The collation of names in Anki's files: by folded code points, a shorter prefix first (derived-values.md 8.2).
public enum Unicase {
  /// The text with every code point folded. Texts are equal under unicase where this is bytewise equal.
  public static func fold(_ string: String) -> String {
    var copy = string
    return copy.withUTF8 { bytes in
      if bytes.allSatisfy({ $0 < 0x80 }) { return String(decoding: bytes.map(Byte.lowercased), as: UTF8.self) }
      var folded = String.UnicodeScalarView()
      var scalars = FoldedScalars(bytes)
      while let value = scalars.next() { folded.append(Unicode.Scalar(value) ?? "\u{FFFD}") }
      return String(folded)
    }
  }

  /// The order of two texts in UTF-8: negative, zero or positive. A byte that is not UTF-8 counts as U+FFFD.
  public static func compare(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Int {
    let shared = min(a.count, b.count)
    var index = 0
    while index < shared {
      let (x, y) = (a[index], b[index])
      if (x | y) >= 0x80 { return compareScalars(a, b, from: index) }
      let order = Int(Byte.lowercased(x)) - Int(Byte.lowercased(y))
      if order != 0 { return order }
      index += 1
    }
    return a.count - b.count
  }

  public static func equal(_ a: String, _ b: String) -> Bool {
    var (a, b) = (a, b)
    return a.withUTF8 { a in b.withUTF8 { b in compare(a, b) == 0 } }
  }

  private static func compareScalars(_ a: BytesView, _ b: BytesView, from index: Int) -> Int {
    var (left, right) = (FoldedScalars(a, from: index), FoldedScalars(b, from: index))
    while true {
      switch (left.next(), right.next()) {
      case (let x?, let y?):
        if x != y { return x < y ? -1 : 1 }
      case (nil, nil): return 0
      case (nil, _): return -1
      case (_, nil): return 1
      }
    }
  }
}
