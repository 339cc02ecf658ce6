import ArgumentParser
import SyncCore

struct ShowViews: Command {
  static let configuration = CommandConfiguration(
    commandName: "views",
    abstract: "Say where SQL finds the users' collections.",
    discussion: """
      Each user has read-only views under a name that stays: a schema (PostgreSQL), a database (MariaDB) or a file \
      (SQLite). docs/SQL.md says what is in them. They are made where they are missing. \(databaseDiscussion)
      """)

  @Argument(help: "The users' names; all, where there is none.")
  var users: [String] = []

  func run(in surroundings: Surroundings) async throws {
    try await surroundings.withInstallation([.mainDB, .userDB]) { installation in
      guard installation.views != nil else { throw CommandError("this storage engine has no views") }
      for account in try await chosen(installation.accounts) {
        let place = try await surroundings.operations.show(account, in: installation)
        surroundings.console.say("\(account.name)  \(place ?? "nothing was uploaded yet")")
      }
    }
  }

  private func chosen(_ accounts: Accounts) async throws -> [Account] {
    if users.isEmpty { return try await accounts.list().sorted { $0.name < $1.name } }
    var found: [Account] = []
    for user in users { found.append(try await accounts.find(user)) }
    return found
  }
}
