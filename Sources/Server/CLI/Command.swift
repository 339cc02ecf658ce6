import ArgumentParser

/// A subcommand: arguments, and what to do with them.
protocol Command: ParsableCommand {
  func run(in surroundings: Surroundings) async throws
}
