import Foundation
import SyncCore
import Testing

@testable import Server

@Suite("The command that copies the storage")
struct CopyCommandTests {
  private static let target = FileManager.default.temporaryDirectory.path + "/copy-target-"

  /// A command line with two users in SQLite, and an empty folder that a copy may go to.
  private func withUsers(
    _ environment: [String: String] = [:], _ body: (CLIScene, String) async throws -> Void
  ) async throws {
    let folder = Self.target + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let cli = CLIScene(["DJANKISERV_TO_DATA_ROOT": folder].merging(environment) { $1 })
    for name in ["anna", "berta"] {
      let added = await cli.run("adduser", "--password-stdin", name, input: "the password")
      #expect(added.code == 0)
    }
    try await body(cli, folder)
  }

  @Test("says what it has copied for each user, and what to set")
  func report() async throws {
    try await withUsers { cli, folder in
      let outcome = await cli.run("storage", "copy", "--to", "sqlite")
      #expect(
        outcome
          == .init(
            code: 0,
            out: [
              "anna: 1 rows, 0 files of 0 bytes", "berta: 1 rows, 0 files of 0 bytes",
              "2 users, 7 rows, 0 files of 0 bytes: copied and compared, to sqlite, \(folder)",
              "before you start the server, configure it for the copy:", "  DJANKISERV_DATA_ROOT=\(folder)",
            ]))
      let there = CLIScene(["DJANKISERV_DATA_ROOT": folder])
      #expect(await there.run("lsuser").out == ["anna", "berta"])
      #expect(await cli.run("storage", "copy", "--to", "sqlite") == outcome)
      let isIn = try await there.canLogIn("anna", "the password")
      #expect(isIn)
      let again = await cli.run("storage", "copy", "--to", "sqlite")
      #expect(again.code == 1 && again.errors.first?.hasPrefix("djankiserv: the target is not empty") == true)
    }
  }

  @Test(
    "what cannot be copied from or to is refused in one line",
    arguments: [
      (["--to", "memory"], "djankiserv: --to: memory is gone with its process; it cannot be copied from or to"),
      (["--from", "memory"], "djankiserv: --from: memory is gone with its process; it cannot be copied from or to"),
      (
        ["--to", "oracle"],
        "djankiserv: DJANKISERV_USERDB_ENGINE: \"oracle\" is not allowed; allowed: sqlite, postgres, mariadb, memory"
      ),
      (["--to-config", "/no/such"], "djankiserv: --to-config: cannot read the file /no/such"),
    ])
  func refused(arguments: [String], line: String) async throws {
    try await withUsers { cli, _ in
      #expect(await cli.run(["storage", "copy"] + arguments) == .init(code: 1, errors: [line]))
    }
  }

  @Test("a copy into itself is refused")
  func intoItself() async throws {
    try await withUsers(["DJANKISERV_TO_DATA_ROOT": ""]) { cli, _ in
      let line = "djankiserv: source and target are the same: sqlite, \(cli.folder)"
      #expect(await cli.run("storage", "copy", "--from", "sqlite") == .init(code: 1, errors: [line]))
    }
  }

  @Test("a server on the folder of either side refuses the copy", arguments: [true, false])
  func served(isSource: Bool) async throws {
    try await withUsers { cli, folder in
      let busy = isSource ? cli.folder : folder
      let lock = try ServeLock(Configuration(environment: ["DJANKISERV_DATA_ROOT": busy]))
      let line = "djankiserv: another djankiserv serves \(busy) already; stop it first"
      #expect(await cli.run("storage", "copy", "--to", "sqlite") == .init(code: 1, errors: [line]))
      lock.release()
      #expect(await cli.run("storage", "copy", "--to", "sqlite").code == 0)
    }
  }

  @Test("no server and no command opens a copy that is not complete")
  func incomplete() async throws {
    try await withUsers { cli, folder in
      let storage = try await Storage.open(Configuration(environment: ["DJANKISERV_DATA_ROOT": folder]))
      try await storage.main.create(.accounts)
      let source = try Configuration(environment: ["DJANKISERV_DATA_ROOT": cli.folder])
      let name = CopyMark(of: source.identity).name
      try await storage.main.write(.accounts, .acknowledged) { try $0.upsert([AccountName(name, 0)]) }
      await storage.close()
      let there = CLIScene(["DJANKISERV_DATA_ROOT": folder])
      let outcome = await there.run("adduser", "--password-stdin", "anna", input: "x")
      #expect(outcome.code == 1)
      #expect(outcome.errors.first?.contains("is not complete; run `djankiserv storage copy` again") == true)
      #expect(await cli.run("storage", "copy", "--to", "sqlite").code == 0)
      #expect(await there.run("lsuser").out == ["anna", "berta"])
    }
  }

  @Test("an address is told without its password")
  func address() async throws {
    let environment = [
      "DJANKISERV_TO_USERDB_URL": "postgres://me:hunter2@127.0.0.1:1/x", "DJANKISERV_START_WAIT_SECONDS": "0",
    ]
    try await withUsers(environment) { cli, _ in
      let outcome = await cli.run("storage", "copy")
      #expect(outcome.code == 1 && !outcome.errors.joined().contains("hunter2"))
      let server = try Configuration(environment: [:])
      let target = try CopySide.to.configuration(nil, file: nil, environment: environment, backends: Backends.all)
      let changes = target.changes(from: server)
      #expect(changes == ["DJANKISERV_USERDB_URL=postgres://me:********@127.0.0.1:1/x"])
      #expect(server.changes(from: target) == ["DJANKISERV_USERDB_URL no longer set"])
    }
  }
}
