/// An engine that can be chosen by name from the configuration. Factories are handed over in a list; nothing registers
/// itself.
public struct BackendFactory: Sendable {
  public let name: String
  /// Other names that mean the same engine.
  public let aliases: [String]
  /// Whether its rows are in the memory of one process: gone with it, and out of reach for every other one.
  public let isWithinProcess: Bool
  private let make: @Sendable (StorageSettings) async throws -> any Backend

  public init(
    name: String, aliases: [String] = [], isWithinProcess: Bool = false,
    open: @escaping @Sendable (StorageSettings) async throws -> any Backend
  ) {
    (self.name, self.aliases, self.isWithinProcess, make) = (name, aliases, isWithinProcess, open)
  }

  public func open(_ settings: StorageSettings) async throws -> any Backend { try await make(settings) }
}

/// What an engine is told when it is opened.
public struct StorageSettings: Sendable {
  /// The folder for engines that keep files.
  public var folder: String
  /// Threads that may work at once: the size of a pool.
  public var threads: Int
  /// How long work waits for a thread, in seconds.
  public var threadPatience: Double
  /// How long a writer waits for its turn, in seconds, and how many may wait for one schema.
  public var patience: Double
  public var queue: Int
  /// How long a connection to a database server is used, and how long a server that is not up yet is waited for at the
  /// start, in seconds.
  public var connectionAge: Double
  public var startPatience: Double
  /// Is told, in the task that asked, how often a transaction waited for a database server.
  public var countRoundTrips: @Sendable (Int) -> Void = { _ in }
  /// Settings by their short name (`host`, `port`, `name`, `user`, `password`, …) for engines that need them.
  public var options: [String: String]

  public init(
    folder: String, threads: Int = 6, threadPatience: Double = 10, patience: Double = 20, queue: Int = 16,
    connectionAge: Double = 1800, startPatience: Double = 30, options: [String: String] = [:]
  ) {
    (self.folder, self.threads, self.threadPatience) = (folder, threads, threadPatience)
    (self.patience, self.queue, self.connectionAge) = (patience, queue, connectionAge)
    (self.startPatience, self.options) = (startPatience, options)
  }
}

extension [BackendFactory] {
  /// The factory of this name or alias.
  /// - Throws: `invalid`, naming the engines that are known.
  public func named(_ name: String) throws -> BackendFactory {
    let wanted = name.lowercased()
    if let found = first(where: { $0.name == wanted || $0.aliases.contains(wanted) }) { return found }
    let known = map(\.name).joined(separator: ", ")
    throw StorageError(.invalid, "unknown storage engine \"\(name)\"; known engines: \(known)")
  }
}
