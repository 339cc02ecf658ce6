public import SyncCore
public import Testing

/// An engine that is to be judged.
public struct Subject: Sendable, CustomTestStringConvertible {
  /// What remains when an engine is opened a second time.
  public enum Persistence: Sendable {
    /// Nothing: the data live in the memory of one engine.
    case volatile
    /// Everything. `age` makes a schema look as though a newer server had written it; no engine has it open then.
    case durable(age: @Sendable (StorageSettings, Schema) async throws -> Void)
  }

  public let name: String
  let persistence: Persistence
  let open: @Sendable (StorageSettings) async throws -> any Backend

  /// - Parameter open: opens the engine on what is kept under `settings.folder`, which is a new folder for every law;
  ///   an engine that keeps no files takes the folder's name for a place of its own. With the settings of an earlier
  ///   call it opens the same place again, while the first one may still be open.
  public init(
    _ name: String, _ persistence: Persistence, open: @escaping @Sendable (StorageSettings) async throws -> any Backend
  ) {
    (self.name, self.persistence, self.open) = (name, persistence, open)
  }

  public init(_ factory: BackendFactory, _ persistence: Persistence) {
    self.init(factory.name, persistence) { try await factory.open($0) }
  }

  public var testDescription: String { name }
}
