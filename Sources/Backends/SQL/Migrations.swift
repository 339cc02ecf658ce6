public import SyncCore

/// How a schema that an older server has made is brought up to date: numbered, forward only, each step repeatable.
///
/// A new schema has the tables of its kind as they are described now, and the newest version at once. A change of a
/// described table comes with a step that is appended here and never edited again.
public struct Migrations: Sendable {
  /// The statements of one step.
  public typealias Step = @Sendable (Dialect) -> [String]

  /// The version that the first server made.
  public static let firstVersion: Int64 = 1
  public static let all = Migrations([:])

  private let steps: [Schema.Kind: [Step]]

  /// - Parameter steps: what leads from version 1 to 2, from 2 to 3, and so on.
  public init(_ steps: [Schema.Kind: [Step]]) { self.steps = steps }

  public func newest(_ kind: Schema.Kind) -> Int64 { Self.firstVersion + Int64(steps[kind, default: []].count) }

  /// What leads from a version to the newest one.
  /// - Throws: `tooNew` for a version of a newer server, `corrupt` for one that there never was.
  public func steps(_ kind: Schema.Kind, from version: Int64) throws -> ArraySlice<Step> {
    guard version >= Self.firstVersion else { throw StorageError(.corrupt, "schema version \(version) does not exist") }
    guard version <= newest(kind) else {
      throw StorageError(
        .tooNew,
        "\(kind): written by a newer server: version \(version), known are \(newest(kind)); "
          + "start that server again, or a newer one")
    }
    return steps[kind, default: []].dropFirst(Int(version - Self.firstVersion))
  }
}
