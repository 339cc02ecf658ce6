import SyncCore
import Testing

@testable import Server

@Suite("Password hashes")
struct PasswordHashTests {
  /// Hashes as other programs made them, of `password`, for the user `u`.
  static let older = [
    "pbkdf2_sha256$4096$salt$xeR41ZKIyEGqUw22hFxMjZYok6ABzk4RpJY4c6qYE0o=",
    "$pbkdf2-sha256$i=4096,l=32$c2FsdA$xeR41ZKIyEGqUw22hFxMjZYok6ABzk4RpJY4c6qYE0o",
    "164dc06e381f4edb055fc75bc0a6584388ba81c410b8527b65abb14adda1d4010123456789abcdef",
  ]

  @Test("a hash of ours is right for its password only, and differs every time")
  func ours() throws {
    let password = try Password("pässword: $#\0 ")
    let hash = try Argon2id(of: password, salt: Array(0..<16))
    let other = try Argon2id(of: password, salt: Array(1..<17))
    #expect(hash.phc.hasPrefix("$argon2id$v=19$m=19456,t=2,p=1$"))
    #expect(hash.phc != other.phc)
    let stored = try #require(PasswordHash(hash.phc))
    #expect(try stored.matches(password, user: "u"))
    for wrong in ["pässword: $#\0", "pässword: $#", "x", "pässword: $#\0  "] {
      #expect(try !stored.matches(try Password(wrong), user: "u"))
    }
    #expect(!stored.needsUpgrade)
  }

  @Test("hashes of older servers are verified and want to be replaced", arguments: older)
  func verifies(stored: String) throws {
    let hash = try #require(PasswordHash(stored))
    #expect(try hash.matches(try Password("password"), user: "u"))
    #expect(try !hash.matches(try Password("Password"), user: "u"))
    #expect(hash.needsUpgrade)
  }

  @Test("ankisyncd's hash is right for its user only")
  func ankisyncd() throws {
    let hash = try #require(PasswordHash(Self.older[2]))
    #expect(try !hash.matches(try Password("password"), user: "v"))
  }

  @Test(
    "a weaker Argon2id is verified and wants to be replaced, a stronger one stays",
    arguments: [
      ("$argon2id$v=19$m=4096,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$WoadVv0rPzgzmZGgRtuQ4s1WP6Ga6/2vnpH/btyikYo", true),
      ("$argon2id$v=19$m=32768,t=3,p=2$c2FsdHNhbHRzYWx0c2FsdA$fzYqmlFGTbnSer8kqZMsJN4Oi4+Q7UvX39n0uWfvuXg", false),
    ])
  func strength(stored: String, weak: Bool) throws {
    let hash = try #require(PasswordHash(stored))
    #expect(try hash.matches(try Password("password"), user: "u"))
    #expect(try !hash.matches(try Password("passwore"), user: "u"))
    #expect(hash.needsUpgrade == weak)
  }

  @Test(
    "a stored hash that is none, or asks for too much work, is refused unread",
    arguments: [
      "", "x", "password", "$argon2id$", "$argon2i$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA",
      "$argon2id$v=19$m=65537,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
      "$argon2id$v=19$m=19456,t=11,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
      "$argon2id$v=19$m=19456,t=2,p=5$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
      "$argon2id$v=19$m=99999999999,t=2,p=1$AAAA$AAAA", "$argon2id$v=19$t=2,m=19456,p=1$AAAA$AAAA",
      "pbkdf2_sha256$9999999999$salt$xeR41ZKIyEGqUw22hFxMjZYok6ABzk4RpJY4c6qYE0o=",
      "pbkdf2_sha256$0$salt$xeR41ZKIyEGqUw22hFxMjZYok6ABzk4RpJY4c6qYE0o=",
      "pbkdf2_sha256$-1$salt$xeR41ZKIyEGqUw22hFxMjZYok6ABzk4RpJY4c6qYE0o=",
      "pbkdf2_sha256$4096$salt$", "pbkdf2_sha256$4096$salt$eA==", "pbkdf2_sha256$4096",
      "$pbkdf2-sha256$i=4096,l=64$c2FsdA$xeR41ZKIyEGqUw22hFxMjZYok6ABzk4RpJY4c6qYE0o",
      "$pbkdf2-sha256$l=32$c2FsdA$xeR41ZKIyEGqUw22hFxMjZYok6ABzk4RpJY4c6qYE0o",
      String(repeating: "g", count: 80), String(repeating: "a", count: 79), String(repeating: "a", count: 10_000),
    ])
  func refused(stored: String) {
    #expect(PasswordHash(stored) == nil)
  }

  @Test("the hash that stands in for unknown users costs as much as a new one")
  func dummy() throws {
    let parameters = "$argon2id$v=19$m=19456,t=2,p=1$"
    let new = try Argon2id(of: try Password("x"), salt: Array(repeating: 7, count: 16))
    #expect(Argon2id.dummy.phc.hasPrefix(parameters) && new.phc.hasPrefix(parameters))
    #expect(Argon2id.dummy.phc.utf8.count == new.phc.utf8.count)
    #expect(try !Argon2id.dummy.matches(.none))
  }

  @Test(
    "a password is any text that is not empty, of at most 4 KiB",
    arguments: [
      ("", false), ("x", true), (" ", true), ("\0", true), (String(repeating: "é", count: 2048), true),
      (String(repeating: "é", count: 2048) + "x", false),
    ])
  func passwords(text: String, isOne: Bool) {
    #expect(((try? Password(text)) != nil) == isOne)
  }

  @Test("a password describes itself without its content")
  func secrecy() throws {
    let password = try Password("hunter2")
    var dumped = ""
    dump(password, to: &dumped)
    for text in ["\(password)", String(reflecting: password), dumped] {
      #expect(!text.contains("hunter2") && !text.contains("104"))
    }
  }
}
