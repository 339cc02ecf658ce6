import ArgumentParser

struct ChangePassword: Command {
  static let configuration = CommandConfiguration(
    commandName: "passwd",
    abstract: "Change a user's password and log out all devices of that user.",
    discussion: databaseDiscussion)

  @Argument(help: "The user's name.")
  var name: String

  @OptionGroup var source: PasswordSource

  func run(in surroundings: Surroundings) async throws {
    try await surroundings.withInstallation { installation in
      _ = try await installation.accounts.find(name)
      let password = try source.password(for: name, surroundings.console)
      try await installation.accounts.changePassword(name, to: password)
    }
  }
}
