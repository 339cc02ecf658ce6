import ArgumentParser
import SyncCore

struct DoctorCommand: Command {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Look for everything that is wrong or soon will be, and say what to do about it.",
    discussion: """
      One line for each thing: ok, warn or FAIL; exit code 1 where something fails. Nothing is changed, but for a \
      schema that is made and dropped to see whether that works, and for what --repair does. \(databaseDiscussion)
      """)

  @Argument(help: "Look at this user alone.")
  var user: String?

  @Flag(help: "Read every row: compare the counters, find lost media files, have the engine look through its files.")
  var recount = false

  @Flag(
    help: "Count wrong counters anew (with --recount), and drop schemas that commands which were cut off have left.")
  var repair = false

  @Option(help: "Look at nothing but this address, as clients reach it: name, certificate, proxy, clock.")
  var url: String?

  @Flag(help: "Write JSON: grade, subject, message and advice.")
  var json = false

  private struct Line: Encodable {
    let grade: String
    let subject: String
    let message: String
    let advice: String

    init(_ finding: Finding) {
      grade = finding.grade.rawValue
      subject = finding.subject
      (message, advice) = (oneLine(finding.message), finding.advice)
    }

    var text: String {
      let padding = String(repeating: " ", count: max(5 - grade.count, 1))
      return "\(grade)\(padding)\(subject): \(message)" + (advice.isEmpty ? "" : "; \(advice)")
    }
  }

  func run(in surroundings: Surroundings) async throws {
    let findings = await examine(surroundings)
    let lines = findings.map(Line.init)
    if json {
      surroundings.console.say(try jsonText(lines))
    } else {
      for line in lines { surroundings.console.say(line.text) }
    }
    let failures = findings.count { $0.grade == .fail }
    if failures > 0 { throw CommandError("\(failures) of \(findings.count) fail") }
  }

  private func examine(_ surroundings: Surroundings) async -> [Finding] {
    if let url {
      let authorities = surroundings.environment["SSL_CERT_FILE"]
      return await Outside.findings(at: url, trusting: authorities, now: surroundings.now)
    }
    let orders = Doctor.Orders(user: user, recounts: recount, repairs: repair)
    return await Doctor(surroundings: surroundings, orders: orders).examine()
  }
}
