import Foundation
import InMemoryBackend
import SQLiteFile
import StorageConformance
import SyncCore

@testable import MariaDBBackend
@testable import PostgresBackend
@testable import SQLBackend
@testable import SQLiteBackend

/// The engines that this run is about: `ENGINE=memory,sqlite`, which is also the default. Servers are those of
/// `scripts/databases`.
enum Engines {
  private static let known: [Subject] = [
    Subject(.memory, .volatile),
    Subject(
      .sqlite,
      .durable { settings, schema in
        let path = SchemaFiles(settings.folder).path(schema)
        try SQLiteConnection(path: path, .readWrite).execute("PRAGMA user_version = 99")
      }),
    Subject(
      "postgres",
      .durable { settings, schema in
        let server = PostgresServer(try postgres(settings))
        let connection = try server.connect()
        try connection.transaction(.alter, in: server.dialect.name(schema)) {
          try connection.define(["UPDATE schema_version SET version = 99"])
        }
      }
    ) { settings in try await BackendFactory.postgres.open(try postgres(settings)) },
    Subject(
      "mariadb",
      .durable { settings, schema in
        let server = try MariaDBServer(try mariaDB(settings))
        let connection = try server.connect()
        try connection.transaction(.alter, in: server.dialect.name(schema)) {
          try connection.define(["UPDATE schema_version SET version = 99"])
        }
      }
    ) { settings in try await BackendFactory.mariaDB.open(try mariaDB(settings)) },
  ]
  private static let servers: Set<String> = ["postgres", "mariadb"]

  /// A place of its own in the database of this run.
  static func postgres(_ settings: StorageSettings) throws -> StorageSettings {
    try server("DJANKISERV_TEST_POSTGRES_URL", settings) { $0["prefix"] = "t\($1)" }
  }

  /// Databases of its own in the server of this run.
  static func mariaDB(_ settings: StorageSettings) throws -> StorageSettings {
    try server("DJANKISERV_TEST_MARIADB_URL", settings) { $0["name"] = "\($0["name"] ?? "")_\($1)" }
  }

  private static func server(
    _ variable: String, _ settings: StorageSettings, _ place: (inout [String: String], String) -> Void
  ) throws -> StorageSettings {
    guard let url = ProcessInfo.processInfo.environment[variable] else {
      throw StorageError(.invalid, "\(variable) is not set: run the tests in scripts/databases")
    }
    var settings = settings
    settings.options = try DatabaseURL(url).options.merging(settings.options) { $1 }
    let digest = settings.folder.utf8.reduce(UInt32(5381)) { $0 &* 33 ^ UInt32($1) }
    place(&settings.options, String(digest, radix: 16))
    return settings
  }

  /// - Throws: `invalid` for a name that is not known: an engine that was asked for is never passed over.
  static func named(_ list: String?) throws -> [Subject] {
    guard let list else { return known.filter { !servers.contains($0.name) } }
    return try list.split(separator: ",").map { name in
      let name = name.trimmingCharacters(in: .whitespaces)
      guard let subject = known.first(where: { $0.name == name }) else {
        throw StorageError(.invalid, "unknown engine \"\(name)\"; known engines: \(known.map(\.name))")
      }
      return subject
    }
  }

  static func chosen() throws -> [Subject] {
    let subjects = try named(ProcessInfo.processInfo.environment["ENGINE"])
    guard !subjects.isEmpty else { throw StorageError(.invalid, "ENGINE names no engine") }
    return subjects
  }
}
