import Foundation
import SyncCore

/// A side of a copy of the storage, and how it is configured: as the server is, but for the database that is said to be
/// its own.
enum CopySide: String, CaseIterable {
  case from, to

  /// What its settings begin with, in place of `DJANKISERV_`.
  var prefix: String { "\(Options.prefix)\(rawValue.uppercased())_" }

  /// The setting that a name of this side means; nil where it is no such name.
  func plainName(of name: String) -> String? {
    name.hasPrefix(prefix) ? Options.prefix + name.dropFirst(prefix.count) : nil
  }

  /// Reads the settings of this side: those of the command line first, then `DJANKISERV_TO_…` of the environment and
  /// of the configuration file, then those of its own file. What is not there is as for the server; but for the
  /// databases, where this side names its own.
  /// - Parameters:
  ///   - place: an engine's name, or the address of a database.
  ///   - file: the path of a configuration file.
  func configuration(
    _ place: String?, file: String?, environment: [String: String], backends: [BackendFactory]
  ) throws -> Configuration {
    let folders = Folders(environment)
    let server: [Configuration.Layer] = [
      .environment(environment), .file(try ConfigurationFile(environment, folders)),
    ]
    var own = server.map(own)
    if let file { own.append(.file(try ConfigurationFile(path: file, for: "--\(rawValue)-config"))) }
    let engine = try Configuration(server, overrides: [:], folders: folders, backends: backends)
      .text(DatabaseSettings.userDB.engine)
    let isNamed = place.map { (try? Backends.named($0, in: backends).name) != engine } ?? false
    guard isNamed || own.contains(where: \.namesDatabase) else {
      return try Configuration(own + server, overrides: [:], folders: folders, backends: backends)
    }
    return try Configuration(
      own + server.map(\.withoutDatabases), overrides: place.map(Self.override) ?? [:], folders: folders,
      backends: backends)
  }

  private static func override(_ place: String) -> [Setting: String] {
    [place.contains("://") ? DatabaseSettings.userDB.url : DatabaseSettings.userDB.engine: place]
  }

  private func own(_ layer: Configuration.Layer) -> Configuration.Layer {
    let pairs = layer.values.compactMap { name, value in plainName(of: name).map { ($0, value) } }
    let prefix = prefix
    return Configuration.Layer(values: Dictionary(pairs) { first, _ in first }) { name in
      layer.origin(prefix + name.dropFirst(Options.prefix.count))
    }
  }
}

extension Configuration.Layer {
  private static let databases = Set(
    (DatabaseSettings.userDB.all + DatabaseSettings.mainDB.all).flatMap { setting in
      ([setting.name] + setting.aliases).flatMap { [$0, $0 + "_FILE"] }
    })

  fileprivate var namesDatabase: Bool { values.contains { !$1.isEmpty && Self.databases.contains($0) } }

  fileprivate var withoutDatabases: Configuration.Layer {
    var copy = self
    copy.values = values.filter { !Self.databases.contains($0.key) }
    return copy
  }
}
