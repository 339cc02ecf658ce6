import SyncCore
import Testing

@testable import Server

@Suite("Settings of the databases")
struct DatabaseSettingsTests {
  private func load(_ environment: [String: String]) throws -> Configuration {
    try Configuration(environment: ["HOME": "/nowhere"].merging(environment) { $1 }, processors: 4)
  }

  private func values(_ database: DatabaseSettings, _ environment: [String: String]) throws -> [String: String] {
    let configuration = try load(environment)
    let pairs =
      database.options.map { ($0.key, configuration.text($0.setting)) } + [
        ("engine", configuration.text(database.engine))
      ]
    return Dictionary(uniqueKeysWithValues: pairs).filter { !$0.value.isEmpty }
  }

  @Test("an address names the engine and everything that an engine is told")
  func whole() throws {
    let found = try values(
      .userDB,
      [
        "DJANKISERV_USERDB_URL":
          "postgresql://a%40b:p%3Aw@db.example.org:6543/cards?sslmode=verify-full&sslrootcert=/etc/ca.pem"
      ])
    #expect(
      found == [
        "engine": "postgres", "user": "a@b", "password": "p:w", "host": "db.example.org", "port": "6543",
        "name": "cards", "sslmode": "verify-full", "sslrootcert": "/etc/ca.pem",
      ])
  }

  @Test("a setting goes before its part of the address, and the default stands for parts that are missing")
  func parts() throws {
    let found = try values(
      .userDB,
      ["DJANKISERV_USERDB_URL": "postgres://x@db", "DJANKISERV_USERDB_USER": "y", "DJANKISERV_USERDB_PASSWORD": "p"])
    #expect(found == ["engine": "postgres", "user": "y", "password": "p", "host": "db", "name": "djankiserv"])
  }

  @Test("the accounts follow the users' address, and take nothing from it where they have their own")
  func main() throws {
    let users = ["DJANKISERV_USERDB_URL": "postgres://u:p@db:1/n"]
    #expect(try values(.mainDB, users) == values(.userDB, users))
    let found = try values(.mainDB, users.merging(["DJANKISERV_MAINDB_URL": "postgres://other"]) { $1 })
    #expect(found == ["engine": "postgres", "user": "djankiserv", "host": "other", "name": "djankiserv"])
  }

  @Test(
    "an address that is none is refused without quoting it",
    arguments: ["db.example.org", "oracle://u:secret@db/n", "postgres://u:sec ret@db:x/n", "postgres://db?secret=1"])
  func refused(url: String) throws {
    let error = #expect(throws: ConfigurationError.self) { try load(["DJANKISERV_USERDB_URL": url]) }
    #expect(error?.message.contains("DJANKISERV_USERDB_URL: this value is not allowed") == true)
    #expect(error?.message.contains("secret") == false)
  }

  @Test(
    "every way to write a host",
    arguments: [
      ("postgresql:///n?host=/run/postgresql", "/run/postgresql"), ("postgresql://%2Frun%2Fpg/n", "/run/pg"),
      ("postgresql://[::1]:5432/n", "::1"), ("postgresql://u@10.0.0.1", "10.0.0.1"),
    ])
  func hosts(url: String, host: String) throws {
    #expect(try DatabaseURL(url).options["host"] == host)
  }
}
