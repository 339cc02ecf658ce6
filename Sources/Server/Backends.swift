import InMemoryBackend
import SQLiteBackend
import SyncCore

/// The storage engines of this program: the one place that names them.
enum Backends {
  /// Every engine; a new one is one more line here.
  static let all: [BackendFactory] = [
    .sqlite,
    .memory,
  ]

  /// Needs nothing to be set up.
  static let standard = BackendFactory.sqlite.name

  /// Engines whose rows no other process can reach.
  static let withinProcess: Set<String> = [BackendFactory.memory.name]

  /// What the older servers' settings call them (compat.md, "Environment").
  static let olderNames = [
    "django.db.backends.postgresql": "postgresql",
    "django.db.backends.mysql": "mariadb",
    "django.db.backends.sqlite3": "sqlite",
  ]

  /// - Throws: `invalid`, naming the engines that are known.
  static func named(_ name: String) throws -> BackendFactory {
    try all.named(olderNames[name.lowercased()] ?? name)
  }
}
