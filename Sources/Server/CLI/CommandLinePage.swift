import ArgumentParser

/// `docs/CLI.md`, made from the commands' help.
enum CommandLinePage {
  static var text: String {
    let pages = Djankiserv.Root.configuration.subcommands.flatMap { command in
      let within = command.configuration.subcommands.map { page($0, within: command._commandName + " ") }
      return [page(command)] + within
    }
    return introduction + section("", Djankiserv.Root.helpMessage(columns: 100)) + pages.joined()
  }

  private static let introduction = """
    # The command line

    What goes wrong is one line on the standard error, and exit code 1. This page is made by the program.

    """

  private static func page(_ command: any ParsableCommand.Type, within name: String = "") -> String {
    section(name + command._commandName, Djankiserv.Root.helpMessage(for: command, columns: 100))
  }

  private static func section(_ name: String, _ help: String) -> String {
    let title = name.isEmpty ? "djankiserv" : "djankiserv \(name)"
    return "\n## \(title)\n\n```\n\(help)\n```\n"
  }
}
