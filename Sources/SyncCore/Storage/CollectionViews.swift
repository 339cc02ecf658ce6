/// What an engine may also be: one that shows its owner each user's current collection, in read-only views under a name
/// that stays the same through full uploads (docs/SQL, made for people with an SQL prompt). No law asks for it.
public protocol CollectionViews: Sendable {
  /// Points the views of a user at this generation; showing again what is shown changes nothing.
  /// - Returns: where the owner finds them, in words of the engine's own tool: the name of a schema, or a path.
  /// - Throws: `notFound` where there is no such generation; `conflict` or `unavailable` where somebody keeps the views
  ///   locked.
  func show(user: Int64, generation: Int64) async throws -> String
}
