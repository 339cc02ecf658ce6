import InMemoryBackend
import MariaDBBackend
import PostgresBackend
import SQLiteBackend
public import SyncCore

/// The storage engines of this program: the one place that names them. A program of one's own hands its list to
/// ``Djankiserv/run(backends:)``.
public enum Backends {
  /// Every engine; a new one is one more line here.
  public static let all: [BackendFactory] = [
    .sqlite,
    .postgres,
    .mariaDB,
    .memory,
  ]

  /// Needs nothing to be set up.
  static let standard = BackendFactory.sqlite.name

  /// What the older servers' settings call them (compat.md, "Environment").
  static let olderNames = [
    "django.db.backends.postgresql": "postgresql",
    "django.db.backends.mysql": "mariadb",
    "django.db.backends.sqlite3": "sqlite",
  ]

  /// - Throws: `invalid`, naming the engines that are known.
  static func named(_ name: String, in backends: [BackendFactory]) throws -> BackendFactory {
    try backends.named(olderNames[name.lowercased()] ?? name)
  }
}
