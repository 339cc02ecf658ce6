import Foundation
import SyncCore
import Synchronization
import Testing

@testable import PostgresBackend
@testable import SQLBackend

/// A place of its own in the PostgreSQL server of this run.
struct PostgresScene: ServerScene {
  var settings: StorageSettings

  init(_ settings: StorageSettings) throws { self.settings = try Engines.postgres(settings) }

  var server: PostgresServer { PostgresServer(settings) }

  func name(_ schema: Schema) -> String { server.dialect.name(schema) }

  func open() async throws -> any Backend { try await ServerBackend(server, settings) }

  func withBackend<T>(_ migrations: Migrations, _ body: (any Backend) async throws -> T) async throws -> T {
    try await closing(ServerBackend(server, settings, migrations: migrations), body)
  }

  func locked(_ schema: Schema, _ body: () async throws -> Void) async throws {
    let other = try server.connect()
    try other.begin(.alter, in: name(schema), [Opening(name(schema), server.dialect.questions([], isWriting: true))])
    try await body()
    try other.end(keeping: false)
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
    try connection.transaction(.alter, in: name(schema)) {
      try connection.query(sql, PostgresValues()) { found.append(try take(&$0)) }
    }
    return found
  }

  func endSessions() throws -> Int {
    let application = settings.options["prefix"] ?? ""
    return try numbers(
      """
      SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
      WHERE application_name = '\(application)' AND pid <> pg_backend_pid()
      """
    ).reduce(0) { $0 + Int($1) }
  }
}

func review(_ number: Int) -> Review {
  var review = Review()
  (review.id, review.usn) = (Int64(number), 1)
  return review
}
