import SyncCore
import Testing

@testable import Server

@Suite("Names of users")
struct UserNameTests {
  /// The list of compat.md, regression 7, and more of its kind.
  @Test(
    "a name is any text",
    arguments: [
      "anna", "ANNA", "anna@example.org", "public", "mysql", "../x", "/etc/passwd", "a:b", "a b", "Åsa", "Мария",
      "学生", "👩‍👩‍👧", "'; drop table account; --", ".", "%", "_", "-x", "\u{202E}abc",
      String(repeating: "n", count: 200), String(repeating: "😀", count: 200), String(repeating: "n", count: 255),
    ])
  func accepted(name: String) async throws {
    let scene = try await AccountsScene()
    try await scene.accounts.add(name, password: "p")
    #expect(await scene.refusal(name, "p") == nil)
    let listed = try await scene.accounts.list().map(\.name)
    #expect(listed == [try UserName(name).text])
  }

  @Test(
    "what would break a line, or is nothing or too much, is no name",
    arguments: [
      "", " ", "\t", "a\nb", "a\0", "\u{1B}[2J", "a\u{7F}", "a\u{85}b", "a\u{2028}b", "a\u{2029}",
      String(repeating: "n", count: 256),
    ])
  func refused(name: String) {
    #expect(throws: AccountError.self) { try UserName(name) }
  }

  @Test(
    "a name is kept in NFC and without blanks around it, case as typed",
    arguments: [
      ("zoe\u{301}", "zo\u{E9}"), (" Anna\u{A0}", "Anna"), ("a  b", "a  b"), ("\u{212B}", "\u{C5}"),
    ])
  func normal(typed: String, kept: String) throws {
    #expect(try UserName(typed).text == Text(kept))
  }
}
