import SyncCore
import Testing

@testable import MariaDBBackend
@testable import PostgresBackend
@testable import SQLBackend

@Suite("What database servers say about themselves")
struct ServerFactsTests {
  private static let postgres = [
    "version": "15.1", "server_encoding": "UTF8", "fsync": "on", "full_page_writes": "on", "standby": "false",
    "may_create": "true", "database": "cards", "role": "anna", "cipher": "TLSv1.3 X",
  ]
  private static let mariaDB = [
    "version": "10.11.19-MariaDB", "read_only": "OFF", "innodb_flush_log_at_trx_commit": "1", "cipher": "X",
    "innodb_doublewrite": "ON", "innodb_flush_method": "O_DIRECT", "max_allowed_packet": "16777216",
    "innodb_page_size": "16384", "user": "anna@%",
  ]

  struct Case: Sendable, CustomTestStringConvertible {
    let fact: String
    let value: String
    let subject: String
    let grade: Finding.Grade

    init(_ fact: String, _ value: String, _ subject: String, _ grade: Finding.Grade) {
      (self.fact, self.value, self.subject, self.grade) = (fact, value, subject, grade)
    }
    var testDescription: String { "\(fact) \(value)" }
  }

  private func check(_ found: [Finding], _ one: Case) throws {
    let complaints = found.filter { $0.grade != .ok }
    #expect(complaints.map(\.subject) == [one.subject])
    let complaint = try #require(complaints.first)
    #expect(complaint.grade == one.grade && !complaint.advice.isEmpty)
  }

  @Test(
    "a PostgreSQL server that cannot be trusted, or takes no writes, is told",
    arguments: [
      Case("fsync", "off", "safety", .warn), Case("full_page_writes", "off", "safety", .warn),
      Case("standby", "true", "role", .fail), Case("may_create", "false", "role", .fail),
      Case("cipher", "", "encryption", .warn),
    ])
  func postgres(one: Case) throws {
    let server = PostgresServer(
      StorageSettings(folder: "", options: ["host": "db.example.org", "sslmode": "verify-full"]))
    #expect(server.findings(ServerFacts(Self.postgres)).allSatisfy { $0.grade == .ok })
    try check(server.findings(ServerFacts(Self.postgres.merging([one.fact: one.value]) { $1 })), one)
  }

  @Test(
    "a MariaDB server that cannot be trusted, or takes no writes, is told",
    arguments: [
      Case("innodb_flush_log_at_trx_commit", "2", "safety", .warn), Case("innodb_doublewrite", "OFF", "safety", .warn),
      Case("innodb_flush_method", "nosync", "safety", .warn), Case("read_only", "ON", "role", .fail),
      Case("max_allowed_packet", "8388608", "packet", .warn), Case("innodb_page_size", "8192", "page", .fail),
      Case("cipher", "", "encryption", .warn),
    ])
  func mariaDB(one: Case) throws {
    let options = ["host": "db.example.org", "sslmode": "verify-full", "sslrootcert": "ca.pem"]
    let server = try MariaDBServer(StorageSettings(folder: "", options: options))
    #expect(server.findings(ServerFacts(Self.mariaDB)).allSatisfy { $0.grade == .ok })
    try check(server.findings(ServerFacts(Self.mariaDB.merging([one.fact: one.value]) { $1 })), one)
  }

  @Test(
    "encryption is asked for where something leaves the machine",
    arguments: [
      ("db.example.org", "", "", Finding.Grade.warn), ("db.example.org", "require", "X", .warn),
      ("db.example.org", "verify-full", "X", .ok), ("db.example.org", "verify-ca", "X", .ok),
      ("127.0.0.1", "", "", .ok), ("localhost", "", "", .ok), ("/run/postgresql", "", "", .ok), ("", "", "", .ok),
      ("127.0.0.1", "", "X", .ok), ("::1", "", "", .ok),
    ])
  func encryption(host: String, security: String, cipher: String, grade: Finding.Grade) {
    let route = ServerRoute(host: host, security: security)
    #expect(route.finding(ServerFacts(["cipher": cipher])).grade == grade)
  }

  @Test("a server that is too old, or has the wrong characters, is refused with what is needed")
  func refused() throws {
    try PostgresServer.check(version: 120_000, encoding: "UTF8")
    let old = #expect(throws: StorageError.self) { try PostgresServer.check(version: 110_022, encoding: "UTF8") }
    #expect(old == StorageError(.invalid, "PostgreSQL 12 or newer is needed; this server is 11.22"))
    let latin = #expect(throws: StorageError.self) { try PostgresServer.check(version: 150_001, encoding: "LATIN1") }
    #expect(latin?.message.contains("LATIN1") == true && latin?.message.contains("CREATE DATABASE") == true)
    #expect(throws: StorageError.self) { try MariaDBServer.check(version: "8.0.36", packet: 16 << 20) }
    #expect(throws: StorageError.self) { try MariaDBServer.check(version: "10.5.1-MariaDB", packet: 16 << 20) }
  }
}
