import CArgon2
import SyncCore

/// An Argon2id hash as a PHC string: `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`.
struct Argon2id: Sendable, Equatable {
  /// What new passwords cost: 19 MiB of memory (in KiB) and two passes in one lane, OWASP's minimum.
  private static let memory: UInt32 = 19_456
  private static let passes: UInt32 = 2
  private static let lanes: UInt32 = 1
  /// What a stored hash may ask for: its parameters come from the string, which may have been imported.
  private static let acceptedMemory: ClosedRange<UInt32> = 8...65_536
  private static let acceptedPasses: ClosedRange<UInt32> = 1...10
  private static let acceptedLanes: ClosedRange<UInt32> = 1...4
  private static let digestLength = 32

  /// The hash that stands in for the password of an account that does not exist. Its digest is the hash of nothing.
  static let dummy = Argon2id(
    phc: "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    memory: memory, passes: passes)

  let phc: String
  private let memory: UInt32
  private let passes: UInt32

  /// Hashes a password.
  /// - Parameter salt: 16 random bytes.
  /// - Throws: `unavailable` where there is no memory for it.
  init(of password: Password, salt: [UInt8]) throws {
    var encoded = [CChar](repeating: 0, count: 160)
    let code = argon2id_hash_encoded(
      Self.passes, Self.memory, Self.lanes, password.bytes, password.bytes.count, salt, salt.count, Self.digestLength,
      &encoded, encoded.count)
    guard code == ARGON2_OK.rawValue else { throw Self.failure(code) }
    let text = String(decoding: encoded.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    self.init(phc: text, memory: Self.memory, passes: Self.passes)
  }

  /// Reads a stored string; nil where it is none, or asks for too much.
  init?(_ stored: String) {
    let parts = stored.split(separator: "$", omittingEmptySubsequences: false)
    guard parts.count == 6, parts[0].isEmpty, parts[1] == "argon2id", parts[2] == "v=19" else { return nil }
    let numbers = parts[3].split(separator: ",")
    guard numbers.count == 3, let memory = Self.number("m=", numbers[0]), let passes = Self.number("t=", numbers[1]),
      let lanes = Self.number("p=", numbers[2])
    else { return nil }
    guard Self.acceptedMemory.contains(memory), Self.acceptedPasses.contains(passes),
      Self.acceptedLanes.contains(lanes)
    else { return nil }
    self.init(phc: stored, memory: memory, passes: passes)
  }

  private init(phc: String, memory: UInt32, passes: UInt32) {
    (self.phc, self.memory, self.passes) = (phc, memory, passes)
  }

  /// Whether it cost less than a new one would.
  var isWeak: Bool { memory < Self.memory || passes < Self.passes }

  /// - Throws: `unavailable` where there is no memory for it: that is no wrong password.
  func matches(_ password: Password) throws -> Bool {
    let code = argon2id_verify(phc, password.bytes, password.bytes.count)
    switch code {
    case ARGON2_OK.rawValue: return true
    case ARGON2_MEMORY_ALLOCATION_ERROR.rawValue, ARGON2_THREAD_FAIL.rawValue: throw Self.failure(code)
    default: return false
    }
  }

  private static func number(_ name: String, _ text: Substring) -> UInt32? {
    text.hasPrefix(name) ? UInt32(text.dropFirst(name.count)) : nil
  }

  private static func failure(_ code: Int32) -> SyncError {
    SyncError(.unavailable, "a password cannot be hashed now: \(String(cString: argon2_error_message(code)))")
  }
}
