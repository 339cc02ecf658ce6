import ArgumentParser

struct DeleteUser: Command {
  static let configuration = CommandConfiguration(
    commandName: "deluser",
    abstract: "Delete users with everything of theirs, at once and for good.",
    discussion: databaseDiscussion)

  @Argument(help: ArgumentHelp("The user's name.", valueName: "name"))
  var names: [String]

  func run(in surroundings: Surroundings) async throws {
    try await surroundings.withInstallation { installation in
      for name in names {
        try await installation.accounts.delete(name) { try await installation.userData.remove($0) }
      }
    }
  }
}
