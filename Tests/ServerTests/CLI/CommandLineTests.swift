import ArgumentParser
import Foundation
import Testing

@testable import Server

@Suite("The command line")
struct CommandLineTests {
  @Test(
    "wrong arguments are told with their usage, and exit code 1",
    arguments: [
      (["nonsense"], "djankiserv: Unexpected argument 'nonsense'"),
      (["adduser"], "djankiserv: Missing expected argument '<name> ...'"),
      (["deluser", "anna", "--wrong"], "djankiserv: Unknown option '--wrong'"),
      (
        ["adduser", "--password-stdin", "--password-file", "x", "anna"],
        "djankiserv: --password-stdin and --password-file exclude each other"
      ),
      (
        ["adduser", "--password-stdin", "anna", "berta"],
        "djankiserv: several users at once are asked for their passwords one by one; name one"
      ),
      (["restore", "anna", "x"], "djankiserv: The value 'x' is invalid for '<number>'"),
    ])
  func wrong(arguments: [String], line: String) async throws {
    let outcome = await CLIScene().run(arguments)
    #expect(outcome.code == 1)
    #expect(outcome.out == [])
    let lines = try #require(outcome.errors.first).split(separator: "\n").map(String.init)
    #expect(lines.first == line)
    #expect(lines.contains { $0.hasPrefix("Usage: djankiserv") })
  }

  @Test(
    "help is an answer, not an error",
    arguments: [["--help"], ["help"], [], ["adduser", "--help"], ["help", "serve"]])
  func help(arguments: [String]) async {
    let outcome = await CLIScene().run(arguments)
    #expect(outcome.code == 0)
    #expect(outcome.errors == [])
    #expect(outcome.out.joined().contains("USAGE: djankiserv"))
  }

  @Test("every command says that its settings come from the environment")
  func helpNamesTheEnvironment() {
    for command in Djankiserv.Root.configuration.subcommands {
      #expect(Djankiserv.Root.helpMessage(for: command).contains("environment"), "\(command)")
    }
  }

  @Test("what serve is told goes before the environment")
  func serve() async {
    let cli = CLIScene(["DJANKISERV_LISTEN_PORT": "1", "DJANKISERV_LISTEN_ADDRESS": "::1"])
    #expect(await cli.run("serve") == .init(code: 0))
    #expect(await cli.run("serve", "--host", "0.0.0.0", "--port", "0") == .init(code: 0))
    #expect(cli.operations.called == ["serve ::1 1", "serve 0.0.0.0 0"])
    let wrong = await cli.run("serve", "--port", "x")
    let message = "DJANKISERV_LISTEN_PORT: \"x\" is not allowed; allowed: a whole number from 0 to 65535"
    #expect(wrong == .init(code: 1, errors: ["djankiserv: " + message]))
  }

  @Test("generations are listed for people and as JSON")
  func generations() async throws {
    let cli = CLIScene()
    #expect(await cli.run("adduser", "--password-stdin", "anna", input: "x").code == 0)
    let line = "2  current  2027-01-15T08:00:00Z  1 notes, 2 cards, 3 reviews  anki,26.09"
    #expect(await cli.run("generations", "anna") == .init(code: 0, out: [line]))
    let text = try #require(await cli.run("generations", "anna", "--json").out.first)
    let list = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]]
    #expect(list?.first?["number"] as? Int == 2)
    #expect(list?.first?["state"] as? String == "current")
  }

  @Test("the places of views are told, of some users or all")
  func views() async {
    let cli = CLIScene()
    for user in ["zoé", "anna"] { _ = await cli.run("adduser", "--password-stdin", user, input: "x") }
    let lines = ["anna  /the/place", "zoé  nothing was uploaded yet"]
    #expect(await cli.run("views") == .init(code: 0, out: lines))
    #expect(await cli.run("views", "zoé") == .init(code: 0, out: [lines[1]]))
    #expect(await cli.run("views", "nobody").errors == ["djankiserv: there is no user \"nobody\""])
  }

  @Test("a restore is asked about, unless it is told not to ask")
  func restore() async {
    let cli = CLIScene()
    #expect(await cli.run("adduser", "--password-stdin", "anna", input: "x").code == 0)
    let done = "generation 1 of anna is current again, as generation 3"
    #expect(await cli.run("restore", "anna", "1", typed: ["n"]).code == 1)
    #expect(await cli.run("restore", "anna", "1", typed: []).code == 1)
    #expect(await cli.run("restore", "anna", "1").code == 1)
    #expect(cli.operations.called == [])
    #expect(await cli.run("restore", "anna", "1", typed: ["y"]).out == [done])
    #expect(await cli.run("restore", "anna", "1", "--yes") == .init(code: 0, out: [done]))
  }

  @Test("an error of several lines is told in one")
  func oneLine() async {
    let cli = CLIScene()
    #expect(await cli.run("adduser", "--password-stdin", "anna", input: "x").code == 0)
    let outcome = await cli.run("restore", "anna", "7", "--yes")
    #expect(outcome == .init(code: 1, errors: ["djankiserv: there is no generation 7 to restore"]))
  }

  @Test("config shows every value and its origin, and no secret")
  func config() async throws {
    let cli = CLIScene([
      "DJANKISERV_USERDB_PASSWORD": "hunter2", "DJANKISERV_LISTEN_PORT": "1", "DJANKISERV_TYPO": "x",
    ])
    let outcome = await cli.run("config")
    #expect(outcome.code == 0)
    #expect(outcome.out.count == Options.all.count)
    #expect(outcome.out.contains("DJANKISERV_LISTEN_PORT=1  # environment DJANKISERV_LISTEN_PORT"))
    #expect(outcome.out.contains("DJANKISERV_MAX_UPLOAD_MB=2048  # default"))
    #expect(outcome.out.contains("DJANKISERV_MAINDB_PASSWORD=********  # default"))
    #expect(outcome.errors == ["djankiserv: there is no setting DJANKISERV_TYPO"])
    let json = await cli.run("config", "--json")
    let list = try JSONSerialization.jsonObject(with: Data(json.out.joined().utf8)) as? [[String: Any]]
    #expect(list?.count == Options.all.count)
    #expect(list?.first?["name"] as? String == "DJANKISERV_LISTEN_ADDRESS")
    #expect(!(outcome.out + json.out).joined().contains("hunter2"))
  }
}
