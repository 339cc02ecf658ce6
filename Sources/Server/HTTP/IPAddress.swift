import Foundation
import NIOCore

/// An address of IPv4 or IPv6. One of IPv4 that is written as one of IPv6 (`::ffff:192.0.2.1`, as a socket for both
/// says it) is the same address.
struct IPAddress: Hashable, Sendable {
  private static let mapped: [UInt8] = Array(repeating: 0, count: 10) + [0xFF, 0xFF]

  /// Four or sixteen.
  let bytes: [UInt8]

  init?(bytes: [UInt8]) {
    guard bytes.count == 4 || bytes.count == 16 else { return nil }
    self.bytes = bytes.starts(with: Self.mapped) ? Array(bytes.suffix(4)) : bytes
  }

  init?(_ text: some StringProtocol) {
    let text = String(text)
    var bytes = [UInt8](repeating: 0, count: 16)
    if inet_pton(AF_INET, text, &bytes) == 1 {
      self.init(bytes: Array(bytes.prefix(4)))
    } else if inet_pton(AF_INET6, text, &bytes) == 1 {
      self.init(bytes: bytes)
    } else {
      return nil
    }
  }
}

extension IPAddress: CustomStringConvertible {
  var description: String {
    // Every address has a form of its own.
    (try? SocketAddress(packedIPAddress: ByteBuffer(bytes: bytes), port: 0))?.ipAddress ?? ""
  }
}

/// All addresses that begin alike: `192.0.2.0/24`, or one alone.
struct IPNetwork: Hashable, Sendable {
  private let address: IPAddress
  private let bits: Int

  init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let address = parts.first.flatMap({ IPAddress($0) }) else { return nil }
    let all = address.bytes.count * 8
    self.address = address
    guard parts.count == 2 else {
      bits = all
      return
    }
    guard let bits = Int(parts[1]), (0...all).contains(bits) else { return nil }
    self.bits = bits
  }

  func contains(_ other: IPAddress) -> Bool {
    guard other.bytes.count == address.bytes.count else { return false }
    return zip(address.bytes, other.bytes).enumerated().allSatisfy { index, pair in
      let rest = min(max(bits - index * 8, 0), 8)
      return (pair.0 ^ pair.1) >> (8 - rest) == 0
    }
  }
}
