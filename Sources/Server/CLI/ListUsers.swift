import ArgumentParser
import SyncCore

struct ListUsers: Command {
  static let configuration = CommandConfiguration(
    commandName: "lsuser",
    abstract: "List the users, one name a line.",
    discussion: databaseDiscussion)

  @Flag(help: "Write JSON: number, name, state, and when the account was made, in milliseconds since 1970.")
  var json = false

  private struct Line: Encodable {
    let id: Int64
    let name: String
    let state: String
    let created: Int64

    init(_ account: Account) {
      (id, name, state, created) = (account.id, account.name.string, "\(account.state)", account.created)
    }
  }

  func run(in surroundings: Surroundings) async throws {
    let accounts = try await surroundings.withInstallation { try await $0.accounts.list() }
      .sorted { $0.name < $1.name }
    if json {
      surroundings.console.say(try jsonText(accounts.map(Line.init)))
    } else {
      for account in accounts { surroundings.console.say(account.name.string) }
    }
  }
}
