import Crypto

/// What Anki computes from the fields of a note (derived-values.md 1).
public enum NoteText {
  /// The joined fields without the ASCII controls that Anki removes: all but line feed, tab, and the U+001F between
  /// fields.
  public static func clean(_ flds: Text) -> Text {
    guard flds.utf8.contains(where: isUnwanted) else { return flds }
    return Text(String(decoding: flds.utf8.filter { !isUnwanted($0) }, as: UTF8.self))
  }

  /// The text of a field without its markup; of media tags the file's name is left.
  public static func strip(_ field: String) -> String {
    var copy = field
    return copy.withUTF8 { bytes in
      guard let stripped = stripped(bytes) else { return field }
      return String(decoding: stripped, as: UTF8.self)
    }
  }

  /// The first four bytes of the text's SHA-1, as a number.
  public static func checksum(ofStripped text: String) -> Int64 {
    var copy = text
    return copy.withUTF8(digest)
  }

  /// The stripped field at `index` of the notetype's sort field; empty if there is no such field.
  public static func sortField(flds: Text, index: Int) -> String {
    var joined = flds.string
    return joined.withUTF8 { sortField(of: $0, index) }
  }

  /// Sort field and checksum of fields that are ``clean(_:)``. The checksum is always of the first field.
  public static func derived(flds: Text, sortIndex: Int) -> (sortField: String, checksum: Int64) {
    var joined = flds.string
    return joined.withUTF8 { bytes in
      let first = BytesView(rebasing: bytes.prefix { $0 != Byte.unitSeparator })
      return withStripped(first) { text in
        let isSortField = sortIndex == 0
        return (isSortField ? String(decoding: text, as: UTF8.self) : sortField(of: bytes, sortIndex), digest(text))
      }
    }
  }

  private static func sortField(of flds: BytesView, _ index: Int) -> String {
    guard let field = field(index, of: flds) else { return "" }
    return withStripped(field) { String(decoding: $0, as: UTF8.self) }
  }

  private static func isUnwanted(_ byte: UInt8) -> Bool {
    Byte.isControl(byte) && byte != UInt8(ascii: "\n") && byte != UInt8(ascii: "\t") && byte != Byte.unitSeparator
  }

  private static func field(_ index: Int, of flds: BytesView) -> BytesView? {
    guard index >= 0 else { return nil }
    var start = 0
    for _ in 0..<index {
      guard let separator = flds.index(of: Byte.unitSeparator, from: start) else { return nil }
      start = separator + 1
    }
    let end = flds.index(of: Byte.unitSeparator, from: start) ?? flds.count
    return BytesView(rebasing: flds[start..<end])
  }

  private static func withStripped<R>(_ field: BytesView, _ body: (BytesView) -> R) -> R {
    guard let stripped = stripped(field) else { return body(field) }
    return stripped.withUnsafeBufferPointer(body)
  }

  /// The bytes that the three passes leave, or nil where there is nothing to strip.
  private static func stripped(_ field: BytesView) -> [UInt8]? {
    guard field.contains(where: { $0 == Byte.less || $0 == Byte.ampersand }) else { return nil }
    var bytes = Array(field)
    if let named = bytes.withUnsafeBufferPointer(MediaTags.namingFiles) { bytes = named }
    if let bare = bytes.withUnsafeBufferPointer(Markup.removed) { bytes = bare }
    if let decoded = bytes.withUnsafeBufferPointer(Entities.decoded) { bytes = decoded }
    return bytes
  }

  private static func digest(_ text: BytesView) -> Int64 {
    var hash = Insecure.SHA1()
    hash.update(bufferPointer: UnsafeRawBufferPointer(text))
    return hash.finalize().prefix(4).reduce(0) { $0 << 8 | Int64($1) }
  }
}
