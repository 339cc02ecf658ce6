import Foundation
import SyncCore
import Testing

@testable import Server

@Suite("The doctor and the settings")
struct SettingsTests {
  private func complaints(_ environment: [String: String]) async throws -> [Finding] {
    let environment = environment.merging(["HOME": "/nowhere"]) { $1 }
    let settings = Settings(try Configuration(environment: environment))
    return await Settings.checks.findings(in: settings).filter { $0.grade != .ok }
  }

  @Test("settings that are right have nothing to complain of")
  func healthy() async throws {
    let found = try await complaints([
      "DJANKISERV_USERDB_ENGINE": "postgres", "DJANKISERV_USERDB_URL": "postgresql://a:b@c/d",
      "DJANKISERV_MAX_UPLOAD_MB": "4096", "DJANKISERV_LISTEN_PORT": "1", "PATH": "/bin",
    ])
    #expect(found == [])
  }

  @Test(
    "a setting that does not do what its owner thinks is told, with what to do",
    arguments: [
      (["DJANKISERV_USERDB_ENGIN": "x"], "there is no setting DJANKISERV_USERDB_ENGIN", "USERDB_ENGINE?"),
      (["DJANKISERV_LISTENPORT": "1"], "there is no setting DJANKISERV_LISTENPORT", "DJANKISERV_LISTEN_PORT?"),
      (["DJANKISERV_PASSWORT_FILE_OF_ANNA": "1"], "there is no setting DJANKISERV_PASS", "djankiserv config shows"),
      (["DJANKISERV_GUNICORN_TIMEOUT": "90"], "DJANKISERV_GUNICORN_TIMEOUT is a name of older servers", "_REQUEST_SEC"),
      (["DJANKISERV_GUNICORN_WORKERS": "4"], "DJANKISERV_GUNICORN_WORKERS means nothing to this server", "remove it"),
      (
        ["DJANKISERV_USERDB_PASSWORD": "a", "DJANKISERV_USERDB_PASSWORD_FILE": "/b"],
        "DJANKISERV_USERDB_PASSWORD and DJANKISERV_USERDB_PASSWORD_FILE are both set", "remove the other"
      ),
      (
        ["DJANKISERV_USERDB_ENGINE": "sqlite", "DJANKISERV_USERDB_URL": "postgresql://a:b@c/d"],
        "DJANKISERV_USERDB_URL is an address of postgres, and DJANKISERV_USERDB_ENGINE is sqlite", "remove one"
      ),
      (
        ["DJANKISERV_REQUEST_SECONDS": "60", "DJANKISERV_HEAD_SECONDS": "20"],
        "DJANKISERV_BODY_PAUSE_SECONDS is more than DJANKISERV_REQUEST_SECONDS", "raise DJANKISERV_REQUEST_SECONDS"
      ),
      (["DJANKISERV_MAX_UNCLAIMED_MB": "9"], "DJANKISERV_MAX_UPLOAD_MB is more than", "raise DJANKISERV_MAX_UNCLAIMED"),
    ])
  func wrong(environment: [String: String], message: String, advice: String) async throws {
    let found = try await complaints(environment)
    #expect(found.count == 1 && found[0].grade == .warn)
    #expect(found.first?.message.hasPrefix(message) == true, "\(found)")
    #expect(found.first?.advice.contains(advice) == true, "\(found)")
  }

  @Test(
    "a distance is the number of letters that differ", arguments: [("", "", 0), ("abc", "abd", 1), ("ab", "cabx", 2)])
  func distance(one: String, other: String, distance: Int) {
    #expect(one.distance(to: other) == distance && other.distance(to: one) == distance)
  }
}
