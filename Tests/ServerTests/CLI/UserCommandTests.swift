import Foundation
import Testing

@testable import Server

@Suite("Commands about users")
struct UserCommandTests {
  @Test("a user can be added, listed and deleted")
  func life() async throws {
    let cli = CLIScene()
    #expect(await cli.run("adduser", "--password-stdin", "zoé", input: "secret") == .init(code: 0))
    #expect(await cli.run("adduser", "--password-stdin", "anna", input: "x") == .init(code: 0))
    #expect(await cli.run("lsuser") == .init(code: 0, out: ["anna", "zoé"]))
    #expect(try await cli.canLogIn("zoé", "secret"))
    #expect(await cli.run("deluser", "zoé", "anna") == .init(code: 0))
    #expect(await cli.run("lsuser") == .init(code: 0))
    #expect(try await !cli.canLogIn("zoé", "secret"))
  }

  @Test(
    "the password is all of the standard input but one newline",
    arguments: [
      ("secret", "secret"), ("secret\n", "secret"), ("secret\r\n", "secret"), ("secret\n\n", "secret\n"),
      (" p:$#\"' ", " p:$#\"' "), ("a\nb\n", "a\nb"), ("пароль", "пароль"),
    ])
  func standardInput(input: String, password: String) async throws {
    let cli = CLIScene()
    #expect(await cli.run("adduser", "--password-stdin", "anna@example.org", input: input) == .init(code: 0))
    #expect(try await cli.canLogIn("anna@example.org", password))
  }

  @Test("the password may stand in a file")
  func file() async throws {
    let cli = CLIScene()
    try FileManager.default.createDirectory(atPath: cli.folder, withIntermediateDirectories: true)
    try Data("secret\n".utf8).write(to: URL(fileURLWithPath: cli.folder + "/p"))
    #expect(await cli.run("adduser", "--password-file", cli.folder + "/p", "anna") == .init(code: 0))
    #expect(try await cli.canLogIn("anna", "secret"))
    let missing = await cli.run("passwd", "--password-file", "/no/such", "anna")
    #expect(missing == .init(code: 1, errors: ["djankiserv: --password-file: cannot read the file /no/such"]))
  }

  @Test("each of several users is asked for twice, and what is typed is not shown")
  func typed() async throws {
    let cli = CLIScene()
    let added = await cli.run("adduser", "anna", "berta", typed: ["a", "a", "b", "b"])
    #expect(added.code == 0)
    #expect(
      added.errors == [
        "Enter password for anna: (hidden)", "Enter password for anna again: (hidden)",
        "Enter password for berta: (hidden)", "Enter password for berta again: (hidden)",
      ])
    #expect(try await cli.canLogIn("anna", "a"))
    #expect(try await cli.canLogIn("berta", "b"))
  }

  @Test("a changed password replaces the old one")
  func change() async throws {
    let cli = CLIScene()
    #expect(await cli.run("adduser", "--password-stdin", "anna", input: "old").code == 0)
    #expect(await cli.run("passwd", "--password-stdin", "anna", input: "new") == .init(code: 0))
    #expect(try await !cli.canLogIn("anna", "old"))
    #expect(try await cli.canLogIn("anna", "new"))
  }

  @Test(
    "what cannot be done is one line on the standard error, and exit code 1",
    arguments: [
      (["adduser", "--password-stdin", "anna"], "x", "user \"anna\" exists already"),
      (["adduser", "anna"], "x", "user \"anna\" exists already"),
      (["adduser", "--password-stdin", "berta"], "", "a password must not be empty"),
      (["adduser", "--password-stdin", "berta"], "\n", "a password must not be empty"),
      (
        ["adduser", "--password-stdin", "berta"], String(repeating: "x", count: 5000),
        "a password must not be longer than 4096 bytes"
      ),
      (["adduser", "--password-stdin", " "], "x", "a user's name must not be empty"),
      (["adduser", "--password-stdin", "a\nb"], "x", "a user's name must not contain control characters"),
      (["adduser", "berta"], "", "nobody is there to type a password; use --password-stdin or --password-file"),
      (["deluser", "nobody"], "", "there is no user \"nobody\""),
      (["passwd", "--password-stdin", "nobody"], "x", "there is no user \"nobody\""),
      (["generations", "nobody"], "", "there is no user \"nobody\""),
      (["restore", "nobody", "1", "--yes"], "", "there is no user \"nobody\""),
    ])
  func refused(arguments: [String], input: String, message: String) async {
    let cli = CLIScene()
    #expect(await cli.run("adduser", "--password-stdin", "anna", input: "secret").code == 0)
    let outcome = await cli.run(arguments, input: input)
    #expect(outcome == .init(code: 1, errors: ["djankiserv: " + message]))
  }

  @Test("two passwords that differ, or none, add nobody", arguments: [["a", "b"], ["a"], []])
  func mistyped(typed: [String]) async {
    let cli = CLIScene()
    #expect(await cli.run("adduser", "anna", typed: typed).code == 1)
    #expect(await cli.run("lsuser") == .init(code: 0))
  }

  @Test("the list can be had as JSON")
  func json() async throws {
    let cli = CLIScene()
    #expect(await cli.run("lsuser", "--json").out == ["[\n\n]"])
    #expect(await cli.run("adduser", "--password-stdin", "a/b", input: "x").code == 0)
    let text = try #require(await cli.run("lsuser", "--json").out.first)
    let list = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]]
    let user = try #require(list?.first)
    #expect(user["name"] as? String == "a/b")
    #expect(user["state"] as? String == "active")
    #expect(user["created"] as? Int == 1_800_000_000_000)
  }

  @Test("accounts in the memory of another process are out of reach, and the command says so")
  func memory() async {
    let cli = CLIScene(["DJANKISERV_MAINDB_ENGINE": "memory"])
    let message =
      "djankiserv: DJANKISERV_MAINDB_ENGINE: this command cannot reach the memory of the serving process; "
      + "choose another engine, such as sqlite"
    #expect(await cli.run("lsuser") == .init(code: 1, errors: [message]))
  }

  @Test("with the users' cards in memory, users can be added all the same")
  func usersInMemory() async throws {
    let cli = CLIScene(["DJANKISERV_USERDB_ENGINE": "memory"])
    #expect(await cli.run("adduser", "--password-stdin", "anna", input: "x") == .init(code: 0))
    #expect(await cli.run("lsuser") == .init(code: 0, out: ["anna"]))
    #expect(await cli.run("generations", "anna").code == 1)
  }
}
