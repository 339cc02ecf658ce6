import SyncCore

/// What is wrong with the configuration, in one line that names the setting, its value and what is allowed.
struct ConfigurationError: Error, Equatable, CustomStringConvertible {
  let message: String

  init(_ message: String) { self.message = message }

  init(_ setting: Setting, _ value: String, _ backends: [BackendFactory]) {
    let shown = setting.isSecret ? "this value" : "\"\(value)\""
    self.init("\(setting.name): \(shown) is not allowed; allowed: \(setting.allowed(backends))")
  }

  var description: String { message }
}
