import Foundation
import InMemoryBackend
import SQLiteFile
import StorageConformance
import SyncCore

@testable import SQLiteBackend

/// The engines that this run is about: `ENGINE=memory,sqlite`, which is also the default.
enum Engines {
  private static let known: [Subject] = [
    Subject(.memory, .volatile),
    Subject(
      .sqlite,
      .durable { settings, schema in
        let path = SchemaFiles(settings.folder).path(schema)
        try SQLiteConnection(path: path, .readWrite).execute("PRAGMA user_version = 99")
      }),
  ]

  /// - Throws: `invalid` for a name that is not known: an engine that was asked for is never passed over.
  static func named(_ list: String?) throws -> [Subject] {
    guard let list else { return known }
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
