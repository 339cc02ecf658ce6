import ArgumentParser
import SyncCore

struct Restore: Command {
  static let configuration = CommandConfiguration(
    abstract: "Make an earlier state of a user's collection the current one.",
    discussion: """
      What is current now stays restorable. All devices of the user will be asked to download. \(databaseDiscussion)
      """)

  @Argument(help: "The user's name.")
  var user: String

  @Argument(help: "The number that `djankiserv generations` shows.")
  var number: Int64

  @Flag(help: "Do not ask.")
  var yes = false

  func run(in surroundings: Surroundings) async throws {
    try await surroundings.withInstallation([.mainDB, .userDB]) { installation in
      let account = try await installation.accounts.find(user)
      try confirm(surroundings.console)
      let restored = try await surroundings.operations.restore(number, of: account, in: installation)
      surroundings.console.say("generation \(number) of \(account.name) is current again, as generation \(restored)")
    }
  }

  private func confirm(_ console: Console) throws {
    if yes { return }
    guard console.isTerminal() else { throw CommandError("nobody is there to confirm this; use --yes") }
    let answer = console.ask("Replace the collection of \(user) by its generation \(number)? [y/N]", false)
    guard let answer, ["y", "yes"].contains(answer.lowercased()) else { throw CommandError("nothing was changed") }
  }
}
