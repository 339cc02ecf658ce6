import Foundation
import SyncCore
import Testing

@testable import Server

@Suite("djankiserv doctor")
struct DoctorCommandTests {
  private static let limits = ["DJANKISERV_MAX_UPLOAD_MB": "1", "DJANKISERV_MAX_CONNECTIONS": "10"]

  @Test("an installation that is well is all ok, and exit code 0")
  func healthy() async throws {
    let cli = CLIScene(Self.limits)
    #expect(await cli.run("adduser", "--password-stdin", "anna", input: "x").code == 0)
    for arguments in [["doctor"], ["doctor", "--recount"], ["doctor", "anna", "--recount", "--repair"]] {
      let outcome = await cli.run(arguments)
      #expect(outcome.code == 0 && outcome.errors == [] && outcome.out.count > 6)
      #expect(outcome.out.allSatisfy { $0.hasPrefix("ok   ") }, "\(outcome.out)")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: cli.folder + "/users/01") == ["1"])
  }

  @Test("what fails is a line that says what and what to do, and exit code 1")
  func failing() async throws {
    let cli = CLIScene(Self.limits)
    #expect(await cli.run("adduser", "--password-stdin", "anna", input: "x").code == 0)
    try FileManager.default.removeItem(atPath: cli.folder + "/users/01/1/user.sqlite")
    let outcome = await cli.run("doctor")
    #expect(outcome.code == 1 && outcome.errors.first?.hasPrefix("djankiserv: 1 of ") == true)
    let line = "FAIL user anna: the schema of this user is gone; restore it from a backup of the users' database"
    #expect(outcome.out.filter { !$0.hasPrefix("ok ") } == [line])
  }

  @Test("findings can be had as JSON")
  func json() async throws {
    let cli = CLIScene(Self.limits.merging(["DJANKISERV_TYPO": "1"]) { $1 })
    #expect(await cli.run("adduser", "--password-stdin", "anna", input: "x").code == 0)
    let text = try #require(await cli.run("doctor", "--json").out.first)
    let list = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: String]])
    #expect(list.first?["grade"] == "warn" && list.first?["subject"] == "configuration")
    #expect(list.allSatisfy { Set($0.keys) == ["grade", "subject", "message", "advice"] })
  }

  @Test("a folder that is not there is not made")
  func noFolder() async throws {
    let cli = CLIScene()
    let outcome = await cli.run("doctor")
    #expect(outcome.code == 1)
    #expect(outcome.out.contains { $0.hasPrefix("FAIL data folder: there is no \(cli.folder)") })
    #expect(!FileManager.default.fileExists(atPath: cli.folder))
  }

  @Test("settings that cannot be read are told", arguments: ["DJANKISERV_MAINDB_PASSWORD_FILE", "DJANKISERV_CONFIG"])
  func secret(name: String) async throws {
    let outcome = await CLIScene([name: "/no/such"]).run("doctor")
    #expect(outcome.code == 1)
    #expect(outcome.out.first?.hasPrefix("FAIL configuration: \(name): cannot read the file /no/such; ") == true)
  }

  @Test("accounts and users in two places are both looked at, and memory is told")
  func twoDatabases() async throws {
    let cli = CLIScene(Self.limits.merging(["DJANKISERV_USERDB_ENGINE": "memory"]) { $1 })
    #expect(await cli.run("adduser", "--password-stdin", "anna", input: "x").code == 0)
    let outcome = await cli.run("doctor")
    #expect(outcome.code == 0)
    #expect(outcome.out.contains { $0.hasPrefix("warn users' database: in the memory of the serving process") })
    #expect(outcome.out.contains { $0.hasPrefix("ok   accounts' database: trial: ") })
  }

  @Test("an address is the same database as its parts")
  func oneDatabase() throws {
    let url = ["HOME": "/x", "DJANKISERV_USERDB_URL": "postgresql://a:b@c/d"]
    #expect(try Configuration(environment: url).isOneDatabase)
    let other = url.merging(["DJANKISERV_MAINDB_NAME": "e"]) { $1 }
    #expect(try !Configuration(environment: other).isOneDatabase)
  }
}
