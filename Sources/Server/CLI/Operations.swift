import SyncCore

/// What the commands ask of the server itself.
protocol Operations: Sendable {
  /// Serves until the process is told to end. Opens the storage by itself, since it may have to wait for a database.
  func serve(_ configuration: Configuration) async throws
  /// The states of a user's collection that can be had, newest first.
  func generations(of user: Account, in installation: Installation) async throws -> [Generation]
  /// Shows the user's collection to the owner of the database, in views.
  /// - Returns: where; nil where the user has no collection.
  func show(_ user: Account, in installation: Installation) async throws -> String?
  /// Makes what generation `number` held the user's collection again.
  /// - Returns: the number of the new generation.
  func restore(_ number: Int64, of user: Account, in installation: Installation) async throws -> Int64
}
