import Crypto

/// SHA-1 of some bytes: names them in a ``BlobStore``, and is the protocol's word for a file's contents
/// (sync-protocol.md 7.2).
public struct BlobDigest: Hashable, Comparable, Sendable, CustomStringConvertible {
  public static let count = 20
  public let bytes: [UInt8]

  /// Nil where it is not 20 bytes.
  public init?(_ bytes: [UInt8]) {
    guard bytes.count == Self.count else { return nil }
    self.bytes = bytes
  }

  /// Nil where the text is not 40 lower-case hex digits.
  public init?(hex: String) {
    let digits = hex.utf8.compactMap(Self.value)
    guard digits.count == Self.count * 2, hex.utf8.count == digits.count else { return nil }
    bytes = stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }

  init(_ hash: Insecure.SHA1Digest) { bytes = Array(hash) }

  /// The digest of bytes that come in pieces.
  public struct Builder {
    private var hash = Insecure.SHA1()

    public init() {}
    public mutating func add(_ piece: UnsafeRawBufferPointer) { hash.update(bufferPointer: piece) }
    public func digest() -> BlobDigest { BlobDigest(hash.finalize()) }
  }

  /// 40 lower-case hex digits.
  public var hex: String {
    String(unsafeUninitializedCapacity: Self.count * 2) { digits in
      for (index, byte) in bytes.enumerated() {
        digits[index * 2] = Self.digit(byte >> 4)
        digits[index * 2 + 1] = Self.digit(byte & 15)
      }
      return Self.count * 2
    }
  }
  public var description: String { hex }

  /// The first eight bytes as a number.
  var prefix: Int64 { Int64(bitPattern: bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }) }

  public static func < (a: BlobDigest, b: BlobDigest) -> Bool { a.bytes.lexicographicallyPrecedes(b.bytes) }

  private static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }

  private static func value(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}
