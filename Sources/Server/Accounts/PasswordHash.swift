import Crypto
import CryptoExtras
import Foundation

/// A stored password: Argon2id of our own, or what an older server left behind (compat.md, "Users, sessions,
/// passwords"), which is verified and replaced at the next login.
enum PasswordHash: Sendable, Equatable {
  case argon2id(Argon2id)
  /// Django's `pbkdf2_sha256$…`, and the PHC string `$pbkdf2-sha256$…` of Anki's own server.
  case pbkdf2(rounds: Int, salt: [UInt8], digest: [UInt8])
  /// Hex of sha256(user + password + salt), then the salt, which is itself 16 hex digits.
  case ankisyncd(salt: String, digest: String)

  /// What the password of an account that does not exist is compared with, at the cost of any other.
  static let dummy = argon2id(.dummy)

  /// Reads a stored hash.
  /// - Returns: nil where the form is unknown, or asks for more work than a login may cost.
  init?(_ stored: String) {
    guard stored.utf8.count <= 512, let hash = Self.parse(stored) else { return nil }
    self = hash
  }

  private static func parse(_ stored: String) -> PasswordHash? {
    if stored.hasPrefix("$argon2id$") { return Argon2id(stored).map(argon2id) }
    if stored.hasPrefix("pbkdf2_sha256$") { return django(stored) }
    if stored.hasPrefix("$pbkdf2-sha256$") { return phc(stored) }
    return ankisyncd(stored)
  }

  /// Whether this is the hash of that password.
  /// - Parameter user: the account's name, which ankisyncd hashed along.
  /// - Throws: `unavailable` where there is no memory for it.
  func matches(_ password: Password, user: String) throws -> Bool {
    switch self {
    case .argon2id(let hash):
      return try hash.matches(password)
    case .pbkdf2(let rounds, let salt, let digest):
      let key = try KDF.Insecure.PBKDF2.deriveKey(
        from: password.bytes, salt: salt, using: .sha256, outputByteCount: digest.count, unsafeUncheckedRounds: rounds)
      return equalInConstantTime(key.withUnsafeBytes { Array($0) }, digest)
    case .ankisyncd(let salt, let digest):
      let computed = SHA256.hash(data: Array(user.utf8) + password.bytes + Array(salt.utf8)).hex
      return equalInConstantTime(Array(computed.utf8), Array(digest.utf8))
    }
  }

  /// Whether a login should replace it by one of today's.
  var needsUpgrade: Bool {
    if case .argon2id(let hash) = self { return hash.isWeak }
    return true
  }
}

/// Rounds that are verified. Django's default passed a million in 2025; 100 times less was usual in 2012.
private let acceptedRounds = 1...5_000_000
private let acceptedDigest = 16...64

extension PasswordHash {
  private static func django(_ stored: String) -> PasswordHash? {
    let parts = stored.split(separator: "$", omittingEmptySubsequences: false)
    guard parts.count == 4, let rounds = Int(parts[1]), let digest = Data(base64Encoded: String(parts[3])) else {
      return nil
    }
    return pbkdf2(rounds, Array(parts[2].utf8), Array(digest))
  }

  private static func phc(_ stored: String) -> PasswordHash? {
    let parts = stored.split(separator: "$", omittingEmptySubsequences: false)
    guard parts.count == 5, let salt = unpadded(parts[3]), let digest = unpadded(parts[4]) else { return nil }
    let parameters = parts[2].split(separator: ",")
    guard let rounds = parameters.first(where: { $0.hasPrefix("i=") }).flatMap({ Int($0.dropFirst(2)) }) else {
      return nil
    }
    let length = parameters.first { $0.hasPrefix("l=") }
    guard length == nil || length == "l=\(digest.count)" else { return nil }
    return pbkdf2(rounds, salt, digest)
  }

  private static func pbkdf2(_ rounds: Int, _ salt: [UInt8], _ digest: [UInt8]) -> PasswordHash? {
    guard acceptedRounds.contains(rounds), acceptedDigest.contains(digest.count) else { return nil }
    return .pbkdf2(rounds: rounds, salt: salt, digest: digest)
  }

  private static func ankisyncd(_ stored: String) -> PasswordHash? {
    guard stored.utf8.count == 80, stored.utf8.allSatisfy(isHexDigit) else { return nil }
    return .ankisyncd(salt: String(stored.suffix(16)), digest: stored.prefix(64).lowercased())
  }

  private static func isHexDigit(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (97...102).contains(byte) || (65...70).contains(byte)
  }

  /// Base64 without the padding, as PHC strings have it.
  private static func unpadded(_ text: Substring) -> [UInt8]? {
    let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
    return Data(base64Encoded: String(text) + padding).map { Array($0) }
  }
}
