import Foundation
import SyncCore
import Testing

@testable import Server

@Suite("The sides of a copy")
struct CopySideTests {
  /// What a side is told, the environment, and where everything of it then is.
  struct Case: Sendable, CustomTestStringConvertible {
    var side = CopySide.to
    var place: String?
    var environment: [String: String] = [:]
    let result: String
    var testDescription: String { "\(place ?? "-") \(environment) \(result)" }
  }

  private static let postgres = ["DJANKISERV_USERDB_ENGINE": "postgres", "DJANKISERV_USERDB_HOST": "db"]
  static let cases = [
    Case(side: .from, result: "sqlite, /data"),
    Case(side: .from, environment: postgres, result: "postgres host=db, /data"),
    Case(side: .from, place: "postgresql", environment: postgres, result: "postgres host=db, /data"),
    Case(place: "mariadb", environment: postgres, result: "mariadb, /data"),
    Case(
      place: "mariadb://me:secret@h:1/n", environment: postgres, result: "mariadb name=n user=me host=h port=1, /data"),
    Case(
      place: "mariadb", environment: postgres.merging(["DJANKISERV_TO_USERDB_HOST": "other"]) { $1 },
      result: "mariadb host=other, /data"),
    Case(
      place: "postgres", environment: postgres.merging(["DJANKISERV_TO_USERDB_NAME": "other"]) { $1 },
      result: "postgres name=other, /data"),
    Case(
      environment: ["DJANKISERV_TO_USERDB_URL": "postgres://u@h/d", "DJANKISERV_USERDB_PORT": "7"],
      result: "postgres name=d user=u host=h port=, /data"),
    Case(
      environment: ["DJANKISERV_TO_USERDB_ENGINE": "postgres", "DJANKISERV_TO_MAINDB_ENGINE": "sqlite"],
      result: "postgres, accounts in sqlite, /data"),
    Case(environment: ["DJANKISERV_TO_DATA_ROOT": "/there"], result: "sqlite, /there"),
    Case(side: .from, environment: ["DJANKISERV_TO_DATA_ROOT": "/there"], result: "sqlite, /data"),
  ]

  @Test("a side is what it is told, and for the rest as the server is", arguments: cases)
  func sides(one: Case) throws {
    let configuration = try one.side.configuration(
      one.place, file: nil, environment: ["DJANKISERV_DATA_ROOT": "/data"].merging(one.environment) { $1 },
      backends: Backends.all)
    #expect(configuration.place == one.result)
    #expect(configuration.unknown == [])
  }

  @Test("a side's settings may stand in a file of its own, and its password in another")
  func files() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("side-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try "secret\n".write(toFile: folder + "/password", atomically: false, encoding: .utf8)
    try """
    DJANKISERV_USERDB_ENGINE=mariadb
    DJANKISERV_USERDB_PASSWORD_FILE=\(folder)/password
    DJANKISERV_MEDIA_STORE=rows
    """.write(toFile: folder + "/conf", atomically: false, encoding: .utf8)
    let configuration = try CopySide.to.configuration(
      nil, file: folder + "/conf", environment: ["DJANKISERV_TO_USERDB_USER": "me", "DJANKISERV_USERDB_HOST": "db"],
      backends: Backends.all)
    let password = try #require(DatabaseSettings.userDB.options.first { $0.key == "password" }).setting
    #expect(configuration.text(password) == "secret")
    #expect(configuration.place.hasPrefix("mariadb user=me,") && configuration.text(.mediaStore) == "rows")
  }

  @Test("a setting of a side is known to the server, a mistyped one is not")
  func unknown() {
    #expect(!Options.isUnknown("DJANKISERV_TO_USERDB_PASSWORD_FILE") && !Options.isUnknown("DJANKISERV_FROM_DATA_ROOT"))
    #expect(Options.isUnknown("DJANKISERV_TO_USERDB") && Options.isUnknown("DJANKISERV_INTO_DATA_ROOT"))
  }
}
