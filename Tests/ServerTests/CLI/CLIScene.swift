import Foundation
import SyncCore
import Synchronization

@testable import Server

/// A command line with a data folder of its own, and what it said.
final class CLIScene: Sendable {
  struct Outcome: Equatable {
    var code: Int32
    var out: [String] = []
    var errors: [String] = []
  }

  let folder: String
  let operations = RecordedOperations()
  private let environment: [String: String]
  private let out = Mutex<[String]>([])
  private let errors = Mutex<[String]>([])
  private let answers = Mutex<[String]>([])

  init(_ environment: [String: String] = [:]) {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("cli-\(UUID().uuidString)").path
    self.environment = ["HOME": folder, "DJANKISERV_DATA_ROOT": folder].merging(environment) { $1 }
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// Runs a command.
  /// - Parameters:
  ///   - input: the standard input.
  ///   - typed: what is answered to questions; nil: nobody is there.
  func run(_ arguments: String..., input: String = "", typed: [String]? = nil) async -> Outcome {
    await run(arguments, input: input, typed: typed)
  }

  func run(_ arguments: [String], input: String = "", typed: [String]? = nil) async -> Outcome {
    answers.withLock { $0 = typed ?? [] }
    let console = Console(
      say: { [self] line in out.withLock { $0.append(line) } },
      complain: { [self] line in errors.withLock { $0.append(line) } },
      readAll: { Array(input.utf8.prefix($0 + 1)) },
      isTerminal: { typed != nil },
      ask: { [self] question, isSecret in
        errors.withLock { $0.append(question + (isSecret ? " (hidden)" : "")) }
        return answers.withLock { $0.isEmpty ? nil : $0.removeFirst() }
      })
    let surroundings = Surroundings(
      environment: environment, console: console, operations: operations, now: { 1_800_000_000_000 },
      random: AccountsScene.random)
    let code = await Djankiserv.run(arguments, in: surroundings)
    return Outcome(code: code, out: take(out), errors: take(errors))
  }

  /// Whether that password is right.
  func canLogIn(_ user: String, _ password: String) async throws -> Bool {
    let configuration = try Configuration(environment: environment)
    let installation = try await Installation.open(
      configuration, now: { 1_800_000_000_000 }, random: AccountsScene.random)
    let attempt = LoginAttempt(user: user, password: password, address: "192.0.2.1", client: "anki")
    let key = try? await installation.accounts.login(attempt)
    await installation.close()
    return key != nil
  }

  private func take(_ lines: borrowing Mutex<[String]>) -> [String] {
    lines.withLock { lines in
      defer { lines = [] }
      return lines
    }
  }
}

/// A server that only notes what it is asked.
final class RecordedOperations: Operations {
  private let calls = Mutex<[String]>([])
  var called: [String] { calls.withLock { $0 } }

  func serve(_ configuration: Configuration) async throws {
    note("serve \(configuration.text(.host)) \(configuration.integer(.port))")
  }

  func generations(of user: Account, in installation: Installation) async throws -> [Generation] {
    note("generations \(user.name)")
    var generation = Generation()
    generation.number = 2
    generation.state = .current
    generation.created = 1_800_000_000_000
    (generation.notes, generation.cards, generation.reviews) = (1, 2, 3)
    generation.origin = "anki,26.09"
    return [generation]
  }

  func restore(_ number: Int64, of user: Account, in installation: Installation) async throws -> Int64 {
    note("restore \(number) \(user.name)")
    guard number == 1 else { throw StorageError(.notFound, "there is no generation \(number)\nto restore") }
    return 3
  }

  func show(_ user: Account, in installation: Installation) async throws -> String? {
    note("show \(user.name)")
    return user.name == "anna" ? "/the/place" : nil
  }

  private func note(_ call: String) { calls.withLock { $0.append(call) } }
}
