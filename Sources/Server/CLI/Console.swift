import Foundation

/// Where a command reads from and writes to.
struct Console: Sendable {
  /// Writes a line to the standard output.
  var say: @Sendable (String) -> Void
  /// Writes a line to the standard error.
  var complain: @Sendable (String) -> Void
  /// Reads the standard input to its end, or until it is longer than so many bytes.
  var readAll: @Sendable (_ limit: Int) throws -> [UInt8]
  /// Whether somebody is there to answer.
  var isTerminal: @Sendable () -> Bool
  /// Asks for a line; nil where the input has ended. What is typed is not shown where it is secret.
  var ask: @Sendable (_ question: String, _ isSecret: Bool) -> String?

  static let ofProcess = Console(
    say: { write($0 + "\n", to: .standardOutput) },
    complain: { write($0 + "\n", to: .standardError) },
    readAll: { try read(FileHandle.standardInput, atMost: $0) },
    isTerminal: { isatty(STDIN_FILENO) == 1 },
    ask: { question, isSecret in
      write(question + " ", to: .standardError)
      return isSecret ? withoutEcho { readLine() } : readLine()
    })

  private static func write(_ text: String, to file: FileHandle) {
    // A reader that has gone away is no concern of ours.
    try? file.write(contentsOf: Data(text.utf8))
  }

  private static func read(_ file: FileHandle, atMost limit: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count <= limit, let piece = try file.read(upToCount: 65536), !piece.isEmpty {
      bytes += piece
    }
    return bytes
  }

  /// Runs `body` while the terminal does not show what is typed. Signals wait meanwhile, so that none leaves it so:
  /// Ctrl-C is a character, and whoever types it means to stop.
  private static func withoutEcho(_ body: () -> String?) -> String? {
    var before = termios()
    guard tcgetattr(STDIN_FILENO, &before) == 0 else { return body() }
    var silent = before
    silent.c_lflag &= ~tcflag_t(ECHO | ISIG)
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
    defer {
      tcsetattr(STDIN_FILENO, TCSAFLUSH, &before)
      write("\n", to: .standardError)
    }
    return body().flatMap { $0.contains("\u{3}") ? nil : $0 }
  }
}
