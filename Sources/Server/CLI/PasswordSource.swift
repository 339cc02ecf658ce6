import ArgumentParser

/// Where a command takes a new password from.
struct PasswordSource: ParsableArguments {
  @Flag(help: "Read the password from the standard input; one newline at its end is not part of it.")
  var passwordStdin = false

  @Option(help: ArgumentHelp("Read the password from this file, likewise.", valueName: "path"))
  var passwordFile: String?

  func validate() throws {
    if passwordStdin && passwordFile != nil {
      throw ValidationError("--password-stdin and --password-file exclude each other")
    }
  }

  /// Whether the password must be typed.
  var isTyped: Bool { !passwordStdin && passwordFile == nil }

  /// The password for this user.
  /// - Throws: `CommandError` where there is none.
  func password(for user: String, _ console: Console) throws -> String {
    if let passwordFile { return try SecretFile.read(passwordFile, for: "--password-file") }
    return passwordStdin ? try read(console) : try ask(for: user, console)
  }

  private func read(_ console: Console) throws -> String {
    let bytes = try console.readAll(Password.longest + 2)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw CommandError("the password on the standard input is not UTF-8")
    }
    return text.withoutFinalNewline
  }

  private func ask(for user: String, _ console: Console) throws -> String {
    guard console.isTerminal() else {
      throw CommandError("nobody is there to type a password; use --password-stdin or --password-file")
    }
    guard let first = console.ask("Enter password for \(user):", true),
      let second = console.ask("Enter password for \(user) again:", true)
    else { throw CommandError("no password was given") }
    guard first == second else { throw CommandError("the two passwords are not the same") }
    return first
  }
}

/// Why a command gives up, in one line.
struct CommandError: Error, Equatable, CustomStringConvertible {
  let message: String

  init(_ message: String) { self.message = message }

  var description: String { message }
}
