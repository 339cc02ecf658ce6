import Foundation
import Testing

@testable import Server

@Suite("Files of the configuration")
struct ConfigurationFileTests {
  /// A folder with these files in it, for as long as `body` runs.
  private func withFiles(_ files: [String: String], _ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("config-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, text) in files {
      let url = folder.appendingPathComponent(name)
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try text.write(to: url, atomically: true, encoding: .utf8)
    }
    try body(folder.path)
  }

  @Test("the command line goes before the environment, that before the file, that before the default")
  func order() throws {
    try withFiles(["c": "DJANKISERV_LISTEN_PORT=1\nDJANKISERV_KEEP_DAYS=1\nDJANKISERV_MAX_STAGED=1\n"]) { folder in
      let environment = [
        "DJANKISERV_CONFIG": folder + "/c", "DJANKISERV_LISTEN_PORT": "2", "DJANKISERV_KEEP_DAYS": "2",
      ]
      let configuration = try Configuration(environment: environment, overrides: [.port: "3"])
      #expect(configuration.find(.port) == .init(text: "3", origin: .commandLine))
      #expect(configuration.find(.keepDays) == .init(text: "2", origin: .environment("DJANKISERV_KEEP_DAYS")))
      #expect(configuration.find(.maxStaged) == .init(text: "1", origin: .file(folder + "/c")))
      #expect(configuration.find(.maxLoading) == .init(text: "2", origin: .standard))
      #expect(configuration.unknown.isEmpty)
    }
  }

  @Test("the file in the configuration folder is read where none is named")
  func standardPlace() throws {
    try withFiles(["djankiserv/djankiserv.conf": "DJANKISERV_LISTEN_PORT=1"]) { folder in
      let found = try Configuration(environment: ["XDG_CONFIG_HOME": folder])
      #expect(found.integer(.port) == 1)
      let none = try Configuration(environment: ["XDG_CONFIG_HOME": folder + "/x"])
      #expect(none.integer(.port) == 27701)
    }
  }

  @Test(
    "a secret may stand in a file, with or without a newline at its end",
    arguments: [
      ("pa ss\n", "pa ss"), ("pass\r\n", "pass"), ("pass", "pass"), (" pass \n\n", " pass \n"), ("p:$#\"'", "p:$#\"'"),
    ])
  func secretFile(content: String, secret: String) throws {
    try withFiles(["s": content]) { folder in
      let setting = try #require(DatabaseSettings.userDB.options.first { $0.key == "password" }).setting
      let environment = ["DJANKISERV_USERDB_PASSWORD_FILE": folder + "/s"]
      let configuration = try Configuration(environment: environment)
      #expect(configuration.text(setting) == secret)
      #expect(configuration.find(setting).origin == .environment("DJANKISERV_USERDB_PASSWORD_FILE"))
      let both = try Configuration(environment: environment.merging(["DJANKISERV_USERDB_PASSWORD": "x"]) { $1 })
      #expect(both.text(setting) == "x")
    }
  }

  @Test("only secrets are read from files")
  func notSecret() throws {
    let configuration = try Configuration(environment: ["DJANKISERV_LISTEN_PORT_FILE": "/etc/hostname"])
    #expect(configuration.integer(.port) == 27701)
    #expect(configuration.unknown == ["DJANKISERV_LISTEN_PORT_FILE"])
  }

  @Test(
    "a file that is not there is named with the setting that names it",
    arguments: [
      "DJANKISERV_CONFIG", "DJANKISERV_USERDB_PASSWORD_FILE",
    ])
  func missing(name: String) {
    #expect(throws: ConfigurationError("\(name): cannot read the file /no/such")) {
      try Configuration(environment: [name: "/no/such"])
    }
  }

  @Test("a file that is too large, or no text, is refused")
  func limits() throws {
    try withFiles(["large": String(repeating: "x", count: 65537)]) { folder in
      #expect(throws: ConfigurationError.self) {
        try Configuration(environment: ["DJANKISERV_USERDB_PASSWORD_FILE": folder + "/large"])
      }
      try Data([0xFF, 0xFE]).write(to: URL(fileURLWithPath: folder + "/binary"))
      #expect(throws: ConfigurationError.self) {
        try Configuration(environment: ["DJANKISERV_CONFIG": folder + "/binary"])
      }
    }
  }

  @Test("the file has lines NAME=value, comments and quotes")
  func lines() throws {
    let text = """
      # a comment

        A = b c\t
      B="d # e"
      C='f'
      D=g=h"
      E=
      F="
      """
    let expected = ["A": "b c", "B": "d # e", "C": "f", "D": "g=h\"", "E": "", "F": "\""]
    #expect(try ConfigurationFile.parse(text, path: "/c") == expected)
    #expect(try ConfigurationFile.parse("A=1\r\nB=2\r\n", path: "/c") == ["A": "1", "B": "2"])
  }

  @Test("a line that is none is named by its number", arguments: ["A", "=b", "export", "A=1\nB"])
  func wrongLine(text: String) {
    let number = text.split(separator: "\n").count
    #expect(throws: ConfigurationError("line \(number) of /c is not NAME=value")) {
      try ConfigurationFile.parse(text, path: "/c")
    }
  }
}
