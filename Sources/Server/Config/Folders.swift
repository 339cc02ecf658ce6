/// Where files belong on this machine (XDG base directories).
struct Folders: Sendable, Equatable {
  /// For what is kept.
  let data: String
  /// For the configuration file.
  let configuration: String

  /// Paths that are not absolute are no folders, as the XDG specification has it. Without a home the folders are those
  /// of a service.
  init(_ environment: [String: String]) {
    func absolute(_ name: String) -> String? { environment[name].flatMap { $0.hasPrefix("/") ? $0 : nil } }
    let home = absolute("HOME")
    data = (absolute("XDG_DATA_HOME") ?? home.map { $0 + "/.local/share" } ?? "/var/lib") + "/djankiserv"
    configuration = (absolute("XDG_CONFIG_HOME") ?? home.map { $0 + "/.config" } ?? "/etc") + "/djankiserv"
  }
}
