import ArgumentParser

struct ShowConfiguration: Command {
  static let configuration = CommandConfiguration(
    commandName: "config",
    abstract: "Show every setting, its value and where it came from.",
    discussion: """
      Values come from the environment, then from the file that DJANKISERV_CONFIG names. Secrets are not shown.
      """)

  @Flag(help: "Write JSON: name, value, origin, and whether it is a secret.")
  var json = false

  private struct Line: Encodable {
    let name: String
    let value: String
    let origin: String
    let secret: Bool

    init(_ setting: Setting, _ found: Configuration.Found) {
      (name, origin, secret) = (setting.name, "\(found.origin)", setting.isSecret)
      value = setting.isSecret && !found.text.isEmpty ? "********" : found.text
    }
  }

  func run(in surroundings: Surroundings) async throws {
    let configuration = try surroundings.configuration()
    let lines = Options.all.map { Line($0, configuration.find($0)) }
    if json {
      surroundings.console.say(try jsonText(lines))
    } else {
      for line in lines { surroundings.console.say("\(line.name)=\(line.value)  # \(line.origin)") }
    }
    for name in configuration.unknown { surroundings.console.complain("djankiserv: there is no setting \(name)") }
  }
}

extension Configuration.Origin: CustomStringConvertible {
  var description: String {
    switch self {
    case .commandLine: "command line"
    case .environment(let name): "environment \(name)"
    case .file(let path): "file \(path)"
    case .standard: "default"
    }
  }
}
