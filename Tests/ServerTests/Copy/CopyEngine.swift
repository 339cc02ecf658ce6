import Foundation
import SyncCore

@testable import Server

/// The engines of this run that copies are made between: `ENGINE=sqlite,postgres`. Servers are those of
/// `scripts/databases`; one that is named and missing fails.
enum CopyEngine: String, CaseIterable, Sendable {
  case memory, sqlite, postgres, mariadb

  static let chosen: [CopyEngine] = {
    let named = (ProcessInfo.processInfo.environment["ENGINE"] ?? "memory,sqlite").split(separator: ",")
    return allCases.filter { engine in named.contains { $0 == engine.rawValue } }
  }()

  /// Opens a place of its own for each folder.
  var factory: BackendFactory {
    BackendFactory(name: rawValue) { settings in
      var settings = settings
      let place = settings.folder.suffix(12).filter { $0.isLetter || $0.isNumber }.lowercased()
      if self == .postgres {
        settings.options = try options("DJANKISERV_TEST_POSTGRES_URL")
        settings.options["prefix"] = "copy\(place)"
      }
      if self == .mariadb {
        settings.options = try options("DJANKISERV_TEST_MARIADB_URL")
        settings.options["name", default: ""] += "_copy\(place)"
      }
      return try await Backends.all.named(rawValue).open(settings)
    }
  }

  private func options(_ variable: String) throws -> [String: String] {
    guard let url = ProcessInfo.processInfo.environment[variable] else {
      throw StorageError(.invalid, "\(variable) is not set: run the tests in scripts/databases")
    }
    return try DatabaseURL(url).options
  }
}
