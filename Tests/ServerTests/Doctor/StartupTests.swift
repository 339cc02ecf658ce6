import Foundation
import SQLiteFile
import SyncCore
import Testing

@testable import Server

/// Database servers of this run, by what they are called in the settings.
enum StartupServer: String, CaseIterable, Sendable {
  case postgres, mariadb

  static let chosen = allCases.filter { server in DoctorEngine.chosen.contains { $0.rawValue == server.rawValue } }

  /// The address of a database that nobody has used.
  /// - Parameter wishes: what is asked of it (`scripts/databases`).
  func address(_ wishes: [String]) throws -> String {
    let variable = "DJANKISERV_TEST_\(rawValue.uppercased())_NEW"
    guard let command = ProcessInfo.processInfo.environment[variable] else {
      throw StorageError(.invalid, "\(variable) is not set: run the tests in scripts/databases")
    }
    let (process, output) = (Process(), Pipe())
    process.executableURL = URL(filePath: command)
    process.arguments = wishes
    process.standardOutput = output
    try process.run()
    let answer = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return String(decoding: answer, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }
}

@Suite("What goes wrong at the start is told in one line, with what to do")
struct StartupTests {
  /// A way in which a database cannot be used.
  struct Trouble: Sendable, CustomTestStringConvertible {
    let name: String
    let server: StartupServer
    var wishes: [String] = []
    var settings: [String: String] = [:]
    /// What is so, and what to do.
    let words: [String]
    var testDescription: String { "\(server): \(name)" }
  }

  static let troubles: [Trouble] = [
    Trouble(
      name: "nobody there", server: .postgres, settings: ["PORT": "1"],
      words: ["Connection refused", "are host and port right?"]),
    Trouble(
      name: "wrong password", server: .postgres, settings: ["PASSWORD": "wrong"],
      words: ["password authentication failed for user \"djankiserv\"", "are user, password"]),
    Trouble(
      name: "no such database", server: .postgres, settings: ["NAME": "nonsuch"],
      words: ["database \"nonsuch\" does not exist", "are user, password, database"]),
    Trouble(
      name: "missing grant", server: .postgres, wishes: ["CONNECTION LIMIT 50"],
      words: ["permission denied for database", "GRANT CREATE ON DATABASE"]),
    Trouble(
      name: "wrong characters", server: .postgres,
      wishes: ["OWNER djankiserv ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"],
      words: ["the database has the encoding LATIN1", "CREATE DATABASE … ENCODING 'UTF8'"]),
    Trouble(
      name: "nobody there", server: .mariadb, settings: ["PORT": "1"],
      words: ["Can't connect to server", "are host and port right?"]),
    Trouble(
      name: "wrong password", server: .mariadb, settings: ["PASSWORD": "wrong"],
      words: ["Access denied for user 'djankiserv'", "are user and password right"]),
    Trouble(
      name: "missing grant", server: .mariadb, settings: ["NAME": "other"],
      words: ["denied", "'djankiserv'@", "other_", "GRANT ALL ON"]),
  ]
  private static let chosen = troubles.indices.filter { StartupServer.chosen.contains(troubles[$0].server) }

  @Test("by serve, adduser and doctor alike", arguments: chosen)
  func trouble(index: Int) async throws {
    let trouble = Self.troubles[index]
    let url = try trouble.server.address(trouble.wishes)
    var environment = ["DJANKISERV_USERDB_URL": url, "DJANKISERV_START_WAIT_SECONDS": "0"]
    for (name, value) in trouble.settings { environment["DJANKISERV_USERDB_\(name)"] = value }
    let cli = CLIScene(environment)
    try FileManager.default.createDirectory(
      atPath: cli.folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    let adduser = await cli.run("adduser", "--password-stdin", "anna", input: "x")
    #expect(adduser.code == 1 && adduser.out == [] && adduser.errors.count == 1)
    let serve = await served(cli, environment)
    let doctor = await cli.run("doctor")
    #expect(doctor.code == 1)
    let failures = doctor.out.filter { $0.hasPrefix("FAIL") }.joined(separator: " ")
    for line in [adduser.errors.first, serve, failures] {
      let line = try #require(line)
      for word in trouble.words { #expect(line.contains(word)) }
      #expect(!line.contains(where: \.isNewline) && !line.contains("wrong"))
    }
  }

  /// What the server says instead of serving.
  private func served(_ cli: CLIScene, _ environment: [String: String]) async -> String? {
    do {
      let configuration = try Configuration(
        environment: environment.merging(["HOME": cli.folder, "DJANKISERV_DATA_ROOT": cli.folder]) { $1 })
      try await Application().serve(configuration)
      return nil
    } catch { return "\(error)" }
  }

  @Test("accounts of a newer server are told by every command")
  func newer() async throws {
    let cli = CLIScene()
    #expect(await cli.run("adduser", "--password-stdin", "anna", input: "x").code == 0)
    try SQLiteConnection(path: cli.folder + "/accounts.sqlite", .readWrite).execute("PRAGMA user_version = 99")
    let message =
      "accounts: written by a newer server: version 99, known are 1; start that server again, or a newer one"
    let adduser = await cli.run("adduser", "--password-stdin", "berta", input: "x")
    #expect(adduser == .init(code: 1, errors: ["djankiserv: DJANKISERV_MAINDB_*: \(message)"]))
    let doctor = await cli.run("doctor")
    #expect(doctor.code == 1)
    let failure = "FAIL accounts: a newer server has written it: version 99, known are 1; "
    #expect(doctor.out.contains { $0.hasPrefix(failure) })
  }
}
