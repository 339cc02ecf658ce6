import ArgumentParser

struct AddUser: Command {
  static let configuration = CommandConfiguration(
    commandName: "adduser",
    abstract: "Add users; a running server knows them at once.",
    discussion: databaseDiscussion)

  @Argument(help: ArgumentHelp("The user's name: any text, such as an e-mail address.", valueName: "name"))
  var names: [String]

  @OptionGroup var source: PasswordSource

  func validate() throws {
    if names.count > 1 && !source.isTyped {
      throw ValidationError("several users at once are asked for their passwords one by one; name one")
    }
  }

  func run(in surroundings: Surroundings) async throws {
    try await surroundings.withInstallation { installation in
      for name in names {
        try await installation.accounts.requireFree(UserName(name))
        try await installation.accounts.add(name, password: try source.password(for: name, surroundings.console))
      }
    }
  }
}

/// Which settings the commands about users depend on.
let databaseDiscussion = """
  The users are those of the installation that the environment names: DJANKISERV_DATA_ROOT, DJANKISERV_MAINDB_ENGINE, \
  DJANKISERV_USERDB_ENGINE and others; see `djankiserv config`. A server may be running meanwhile.
  """
