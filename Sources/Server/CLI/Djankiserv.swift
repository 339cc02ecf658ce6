import ArgumentParser
import Foundation
import NIOCore
public import SyncCore

/// The command line. Everything that goes wrong is one line on the standard error and exit code 1, wrong options with
/// their usage behind it.
public enum Djankiserv {
  struct Root: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "djankiserv",
      abstract: "A sync server for Anki that keeps cards as rows in a database of your choice.",
      discussion: "Settings come from the environment or a file: `djankiserv config` shows them all.",
      subcommands: [
        Serve.self, AddUser.self, DeleteUser.self, ListUsers.self, ChangePassword.self, ShowConfiguration.self,
        ListGenerations.self, Restore.self, ShowViews.self, MediaCommand.self, StorageCommand.self, TLSCommand.self,
        DoctorCommand.self,
      ])
    static let _errorPrefix = "djankiserv: "
  }

  /// Threads that mostly wait for the disk, and so are more than there are processors: media uploads of several users
  /// do not wait for each other's files.
  private static let waitingThreads = 16

  /// Runs the command that the process was started with, and ends the process if it failed.
  /// - Parameter backends: the storage engines that can be chosen by name.
  public static func run(backends: [BackendFactory] = Backends.all) async {
    // What we write is nobody else's to read (DESIGN, "Full upload").
    umask(0o077)
    NIOSingletons.blockingPoolThreadCountSuggestion = waitingThreads
    let code = await run(Array(CommandLine.arguments.dropFirst()), in: .ofProcess(Application(), backends))
    if code != 0 { exit(code) }
  }

  /// - Returns: the exit code.
  static func run(_ arguments: [String], in surroundings: Surroundings) async -> Int32 {
    do {
      var command = try Root.parseAsRoot(arguments)
      if let command = command as? any Command {
        try await perform(command, surroundings)
      } else {
        try command.run()
      }
      return 0
    } catch let error as Failure {
      surroundings.console.complain("djankiserv: \(error.line)")
      return 1
    } catch {
      return answer(error, surroundings.console)
    }
  }

  private static func perform(_ command: any Command, _ surroundings: Surroundings) async throws {
    do { try await command.run(in: surroundings) } catch { throw Failure(error) }
  }

  /// Help, or an error in the arguments: the parser's exit code for those is 64, ours is 1 (compat.md).
  private static func answer(_ error: any Error, _ console: Console) -> Int32 {
    let text = Root.fullMessage(for: error)
    guard Root.exitCode(for: error) != .success else {
      console.say(text)
      return 0
    }
    console.complain(text)
    return 1
  }

  /// What a command threw, as one line.
  private struct Failure: Error {
    let line: String

    init(_ error: any Error) {
      line = oneLine("\(error)")
    }
  }
}

/// A text of several lines as one.
func oneLine(_ text: String) -> String { text.split(whereSeparator: \.isNewline).joined(separator: " ") }
