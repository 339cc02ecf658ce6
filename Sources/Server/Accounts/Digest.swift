import Crypto

/// SHA-256 as 64 hex digits: how host keys and login subjects are stored.
func sha256Hex(_ text: String) -> String { SHA256.hash(data: Array(text.utf8)).hex }

/// Whether two secrets are equal, in a time that does not depend on where they differ.
func equalInConstantTime(_ a: [UInt8], _ b: [UInt8]) -> Bool { SHA256.hash(data: a) == SHA256.hash(data: b) }

extension Sequence<UInt8> {
  /// Two lower-case hex digits for each byte.
  var hex: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
