import ArgumentParser
import SyncCore

/// `djankiserv media …`.
struct MediaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "media",
    abstract: "See to media files.",
    discussion: databaseDiscussion,
    subcommands: [CheckMedia.self])
}

struct CheckMedia: Command {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Read all media files and kept generations of users and compare them with the index.",
    discussion: """
      A file whose bytes are lost is forgotten with --repair: a device that still has it uploads it again after \
      Tools, Check Media. A generation whose bytes are lost cannot be restored, and is forgotten too. \
      \(databaseDiscussion)
      """)

  @Argument(help: "The user's name.")
  var user: String?

  @Flag(help: "Check every user.")
  var all = false

  @Flag(help: "Forget files and generations whose bytes are lost, and remove bytes that belong to none.")
  var repair = false

  func validate() throws {
    if (user == nil) != all { throw ValidationError("name a user, or --all") }
  }

  func run(in surroundings: Surroundings) async throws {
    let isFine = try await surroundings.withInstallation([.mainDB, .userDB]) { installation in
      let care = MediaCare(
        backend: installation.users, blobs: installation.blobs(surroundings.now) { "" }, clock: surroundings.now)
      var isFine = true
      for account in try await accounts(installation) {
        let report = try await care.check(account.id, repairs: repair)
        say(report, account.name.string, surroundings.console)
        isFine = isFine && report.isFine
      }
      return isFine
    }
    if !isFine && !repair { throw CommandError("not everything is as it should be; --repair sees to it") }
  }

  private func accounts(_ installation: Installation) async throws -> [Account] {
    if let user { return [try await installation.accounts.find(user)] }
    return try await installation.accounts.list().filter { $0.state != .deleting }.sorted { $0.name < $1.name }
  }

  private func say(_ report: MediaCare.Report, _ name: String, _ console: Console) {
    let done = repair ? ("forgotten", "removed", "corrected") : ("lost", "found", "wrong")
    for file in report.missing { console.say("\(name): \(file): the bytes are not there (\(done.0))") }
    for file in report.damaged { console.say("\(name): \(file): the bytes have changed (\(done.0))") }
    for number in report.lostGenerations {
      console.say("\(name): generation \(number): the bytes are not there or have changed (\(done.0))")
    }
    if report.orphans > 0 { console.say("\(name): \(report.orphans) unused (\(done.1))") }
    if report.areCountersWrong { console.say("\(name): the counters were wrong (\(done.2))") }
    console.say("\(name): \(report.files) files, \(report.isFine ? "all as they should be" : "checked")")
  }
}
