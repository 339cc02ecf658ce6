/// `docs/CONFIG.md`, made from the settings.
enum ConfigurationPage {
  static var text: String {
    let sections = Options.sections.map { title, settings in
      "## \(title)\n\n| name | default | meaning |\n|---|---|---|\n" + settings.map(row).joined()
    }
    return introduction + "\n" + sections.joined(separator: "\n")
  }

  private static let introduction = """
    # Configuration

    Every setting has a default: none has to be set. A value is looked for on the command line, then in the
    environment, then in the file that `DJANKISERV_CONFIG` names, or in `~/.config/djankiserv/djankiserv.conf` if it
    exists: lines `NAME=value`, with `#` before a comment. An empty value counts as not set. Instead of a secret,
    `NAME_FILE` may name a file that holds it; a newline at its end is not part of it.

    `djankiserv config` shows every value and where it came from. This page is made by the program.

    """

  private static func row(_ setting: Setting) -> String {
    let names = ([setting.name] + setting.aliases).map { "`\($0)`" }.joined(separator: ", also ")
    let secret = setting.isSecret ? " Secret." : ""
    return "| \(names) | \(standard(setting)) | \(setting.help)\(secret)\(range(setting)) |\n"
  }

  private static func standard(_ setting: Setting) -> String {
    switch setting.standard {
    case .value(""): ""
    case .value(let text): "`\(text)`"
    case .derived(let words, _): words
    }
  }

  private static func range(_ setting: Setting) -> String {
    switch setting.kind {
    case .text, .flag, .databaseURL, .networks: ""
    case .integer, .choice, .engine: " Allowed: \(setting.allowed(Backends.all))."
    }
  }
}
