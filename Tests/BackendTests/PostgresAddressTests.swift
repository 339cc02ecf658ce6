import Foundation
import SyncCore
import Testing

@testable import PostgresBackend

@Suite("Ways to a PostgreSQL server", .enabled(if: ServerKind.postgres.isChosen))
struct PostgresAddressTests {
  @Test("values are quoted, and empty ones left out")
  func text() {
    let text = PostgresAddress(["password": #"it's \ "it""#, "host": "", "port": "1", "folder": "x"]).text
    #expect(text.contains(#"password='it\'s \\ "it"'"#) && text.contains("port='1'"))
    #expect(!text.contains("host=") && !text.contains("folder"))
  }

  @Test(
    "encryption is what was asked for",
    arguments: [("disable", false), ("require", true), ("verify-ca", true), ("verify-full", true)])
  func modes(mode: String, isEncrypted: Bool) throws {
    let scene = try Self.scene(["sslmode": mode, "sslrootcert": "ca.pem"])
    #expect(try scene.texts("SELECT ssl::text FROM pg_stat_ssl WHERE pid = pg_backend_pid()") == ["\(isEncrypted)"])
  }

  @Test("a client's own certificate is shown to the server")
  func clientCertificate() throws {
    let scene = try Self.scene([
      "sslmode": "verify-full", "sslrootcert": "ca.pem", "sslcert": "client.pem", "sslkey": "client.key",
    ])
    #expect(
      try scene.texts("SELECT client_dn::text FROM pg_stat_ssl WHERE pid = pg_backend_pid()") == ["/CN=djankiserv"])
  }

  @Test("a server that somebody else vouches for is not talked to")
  func stranger() throws {
    let scene = try Self.scene(["sslmode": "verify-full", "sslrootcert": "other-ca.pem"])
    let error = #expect(throws: StorageError.self) { try scene.server.connect() }
    #expect(error?.message.contains("certificate verify failed") == true)
  }

  @Test("a Unix socket is given as its folder")
  func socket() throws {
    var scene = try PostgresScene()
    scene.settings.options["host"] = try #require(
      ProcessInfo.processInfo.environment["DJANKISERV_TEST_POSTGRES_RESTART"]
    ).replacingOccurrences(of: "/restart", with: "")
    #expect(try scene.texts("SELECT coalesce(inet_server_addr()::text, 'none')") == ["none"])
  }

  private static func scene(_ options: [String: String]) throws -> PostgresScene {
    let folder = try #require(ProcessInfo.processInfo.environment["DJANKISERV_TEST_CERTIFICATES"])
    var scene = try PostgresScene()
    for (key, value) in options { scene.settings.options[key] = key == "sslmode" ? value : "\(folder)/\(value)" }
    return scene
  }
}
