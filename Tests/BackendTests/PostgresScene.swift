import Foundation
import SyncCore
import Synchronization
import Testing

@testable import PostgresBackend
@testable import SQLBackend

/// A place of its own in the PostgreSQL server of this run.
struct PostgresScene: Sendable {
  static let isChosen = (ProcessInfo.processInfo.environment["ENGINE"] ?? "").split(separator: ",").contains("postgres")

  var settings: StorageSettings

  init(threads: Int = 4, patience: Double = 30, startPatience: Double = 0) throws {
    settings = try Engines.postgres(
      StorageSettings(
        folder: UUID().uuidString, threads: threads, patience: patience, queue: 100, startPatience: startPatience))
  }

  var server: PostgresServer { PostgresServer(settings) }

  func name(_ schema: Schema) -> String { server.dialect.name(schema) }

  func withBackend<T>(
    _ migrations: Migrations = .all, _ body: (any Backend) async throws -> T
  ) async throws -> T {
    let backend = try await ServerBackend(server, settings, migrations: migrations)
    do {
      let value = try await body(backend)
      await backend.close()
      return value
    } catch {
      await backend.close()
      throw error
    }
  }

  /// The first column of what a statement answers, asked by somebody else.
  func numbers(_ sql: String, in schema: Schema = .accounts) throws -> [Int64] {
    try ask(sql, in: schema) { answer in
      var number: Int64 = 0
      try answer.integer("number", &number)
      return number
    }
  }

  func texts(_ sql: String, in schema: Schema = .accounts) throws -> [String] {
    try ask(sql, in: schema) { answer in
      var text = Text()
      try answer.text("text", &text)
      return text.string
    }
  }

  private func ask<T>(_ sql: String, in schema: Schema, _ take: (inout PostgresAnswer) throws -> T) throws -> [T] {
    let connection = try server.connect()
    var found: [T] = []
    try connection.transaction(.write(.relaxed), in: name(schema)) {
      try connection.query(sql, PostgresValues()) { found.append(try take(&$0)) }
    }
    return found
  }

  /// Ends the sessions of this place's engines.
  /// - Returns: how many there were.
  func terminateSessions() throws -> Int {
    let application = settings.options["prefix"] ?? ""
    return try numbers(
      """
      SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
      WHERE application_name = '\(application)' AND pid <> pg_backend_pid()
      """
    ).reduce(0) { $0 + Int($1) }
  }

  /// Ends the server as a crash would, and starts it again.
  static func restart() throws {
    guard let command = ProcessInfo.processInfo.environment["DJANKISERV_TEST_POSTGRES_RESTART"] else {
      throw StorageError(.invalid, "DJANKISERV_TEST_POSTGRES_RESTART is not set: run the tests in scripts/databases")
    }
    // Not Foundation's Process, which waits until the server ends too: it has inherited what that listens to.
    var process: pid_t = 0
    var arguments: [UnsafeMutablePointer<CChar>?] = [strdup(command), nil]
    defer { free(arguments[0]) }
    guard posix_spawn(&process, command, nil, nil, &arguments, environ) == 0 else {
      throw StorageError(.invalid, "cannot run \(command)")
    }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    #expect(status == 0)
  }
}
