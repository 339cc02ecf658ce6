/// A page of a b-tree that is being filled: cells grow from its end towards the front, and their places stand behind
/// the header in the order of their keys (sqlite.org/fileformat2.html, 1.6).
struct TreePage {
  enum Kind: UInt8 {
    case indexBranch = 2
    case tableBranch = 5
    case indexLeaf = 10
    case tableLeaf = 13

    var isBranch: Bool { self == .indexBranch || self == .tableBranch }
  }

  static let size = 4096

  let kind: Kind
  private var bytes = [UInt8](repeating: 0, count: size)
  private var cells = 0
  private var content = size
  private var lastContent = size

  init(_ kind: Kind) { self.kind = kind }

  private var header: Int { kind.isBranch ? 12 : 8 }

  /// Adds a cell behind the others.
  /// - Returns: false where it does not fit; then nothing has changed.
  mutating func append(_ cell: UnsafeRawBufferPointer) -> Bool {
    let start = content - cell.count
    guard start >= header + 2 * (cells + 1) else { return false }
    bytes.withUnsafeMutableBytes { UnsafeMutableRawBufferPointer(rebasing: $0[start..<content]).copyMemory(from: cell) }
    put(UInt16(truncatingIfNeeded: start), at: header + 2 * cells)
    (cells, lastContent, content) = (cells + 1, content, start)
    return true
  }

  /// Takes the last cell back. May be called once after each ``append(_:)``.
  mutating func removeLast() -> [UInt8] {
    defer { (cells, content) = (cells - 1, lastContent) }
    return Array(bytes[content..<lastContent])
  }

  /// The page as it lies in the file; `right` is the child behind the last cell of a branch.
  mutating func sealed(right: UInt32 = 0) -> [UInt8] {
    bytes[0] = kind.rawValue
    put(UInt16(truncatingIfNeeded: cells), at: 3)
    put(UInt16(truncatingIfNeeded: content), at: 5)
    if kind.isBranch { bytes.replaceSubrange(8..<12, with: right.bigEndianBytes) }
    return bytes
  }

  /// Empty again.
  mutating func clear() { (cells, content, lastContent) = (0, Self.size, Self.size) }

  private mutating func put(_ value: UInt16, at offset: Int) {
    bytes[offset] = UInt8(truncatingIfNeeded: value >> 8)
    bytes[offset + 1] = UInt8(truncatingIfNeeded: value)
  }
}

extension UInt32 {
  var bigEndianBytes: [UInt8] { withUnsafeBytes(of: bigEndian) { Array($0) } }

  init(bigEndianBytes bytes: some Sequence<UInt8>) { self = bytes.reduce(0) { $0 << 8 | UInt32($1) } }
}
