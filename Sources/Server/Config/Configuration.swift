import Foundation
import SyncCore

/// Every setting's value and where it came from. All values were checked when it was made.
struct Configuration: Sendable {
  enum Origin: Sendable, Equatable {
    case commandLine
    /// The variable's name.
    case environment(String)
    /// The configuration file's path.
    case file(String)
    case standard
  }
  struct Found: Sendable, Equatable {
    var text: String
    var origin: Origin
  }

  /// The engines that can be chosen.
  let backends: [BackendFactory]
  let folders: Folders
  /// Of this machine; some defaults depend on them.
  let processors: Int
  /// Names that look like settings and are none.
  let unknown: [String]
  /// What was set, by name, before anything was made of it.
  let given: [String: String]
  private var found: [Setting: Found] = [:]

  /// Reads the settings: the command line's first, then the environment's, then those of the file that
  /// `DJANKISERV_CONFIG` names, or of `djankiserv.conf` in the configuration folder where there is one. An empty value
  /// counts as not set.
  /// - Throws: `ConfigurationError`: one line that names the setting, its value and what is allowed.
  init(
    environment: [String: String], overrides: [Setting: String] = [:], backends: [BackendFactory] = Backends.all,
    processors: Int = ProcessInfo.processInfo.activeProcessorCount
  ) throws {
    let folders = Folders(environment)
    let layers = try [.environment(environment), .file(ConfigurationFile(environment, folders))] as [Layer]
    try self.init(layers, overrides: overrides, folders: folders, backends: backends, processors: processors)
  }

  /// Values by their names, and where they came from.
  struct Layer: Sendable {
    var values: [String: String]
    let origin: @Sendable (_ name: String) -> Origin

    static func environment(_ values: [String: String]) -> Layer {
      Layer(values: values, origin: Origin.environment)
    }
    static func file(_ file: ConfigurationFile) -> Layer {
      Layer(values: file.values) { _ in .file(file.path) }
    }
  }

  /// Reads the settings: the command line's first, then those of each layer.
  init(
    _ layers: [Layer], overrides: [Setting: String], folders: Folders, backends: [BackendFactory],
    processors: Int = ProcessInfo.processInfo.activeProcessorCount
  ) throws {
    (self.backends, self.folders, self.processors) = (backends, folders, processors)
    given = layers.reversed().reduce(into: [:]) { $0.merge($1.values) { $1 } }
    unknown = layers.flatMap(\.values.keys).filter(Options.isUnknown).sorted()
    for setting in Options.all {
      let ordered = overrides[setting].map { Found(text: $0, origin: .commandLine) }
      guard var given = try ordered ?? setting.find(in: layers) else { continue }
      guard let normal = setting.normal(given.text, backends) else {
        throw ConfigurationError(setting, given.text, backends)
      }
      given.text = normal
      found[setting] = given
    }
  }

  func find(_ setting: Setting) -> Found {
    if let given = found[setting] { return given }
    switch setting.standard {
    case .value(let text): return Found(text: text, origin: .standard)
    case .derived(_, let make): return Found(text: make(self), origin: .standard)
    }
  }

  func text(_ setting: Setting) -> String { find(setting).text }
  /// For settings of the kind `integer`.
  func integer(_ setting: Setting) -> Int { Int(text(setting)) ?? 0 }
  /// For settings of the kind `flag`.
  func flag(_ setting: Setting) -> Bool { text(setting) == "true" }
  /// For settings of the kind `engine`.
  func backend(_ setting: Setting) throws -> BackendFactory { try Backends.named(text(setting), in: backends) }
}

extension Setting {
  fileprivate func find(in layers: [Configuration.Layer]) throws -> Configuration.Found? {
    for layer in layers {
      if let found = try find(in: layer.values, layer.origin) { return found }
    }
    return nil
  }

  /// The value under one of the setting's names, or for a secret in the file that `NAME_FILE` names.
  fileprivate func find(
    in values: [String: String], _ origin: (String) -> Configuration.Origin
  ) throws -> Configuration.Found? {
    for name in [name] + aliases {
      if let text = values[name], !text.isEmpty { return .init(text: text, origin: origin(name)) }
      if isSecret, let path = values[name + "_FILE"], !path.isEmpty {
        return .init(text: try SecretFile.read(path, for: name + "_FILE"), origin: origin(name + "_FILE"))
      }
    }
    return nil
  }
}

extension Options {
  static let prefix = "DJANKISERV_"
  /// Everything that may be set, in the order of the documentation.
  static let names = all.flatMap { setting in
    [setting.name] + setting.aliases + (setting.isSecret ? [setting.name + "_FILE"] : [])
  }
  private static let known = Set(names).union(withoutMeaning).union(["DJANKISERV_CONFIG"])

  static func isUnknown(_ name: String) -> Bool {
    let name = CopySide.allCases.compactMap { $0.plainName(of: name) }.first ?? name
    return name.hasPrefix(prefix) && !known.contains(name)
  }
}
