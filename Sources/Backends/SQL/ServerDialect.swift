public import SyncCore

/// How a database server that holds many schemas makes, names and guards them.
public struct ServerDialect: Sendable {
  public let tables: Dialect
  /// What the names of our schemas begin with.
  public let prefix: String
  /// Makes a schema of this name and enters it. Where tables are not undone with the transaction, it first removes what
  /// an unfinished one left.
  public let create: @Sendable (String) -> [String]
  /// Removes a schema, if it is there, with everything in it.
  public let drop: @Sendable (String) -> [String]
  /// Makes the mark of a complete schema: the table `schema_version` with one row, `version`.
  public let mark: @Sendable (Int64) -> [String]
  /// Asks for the name of every complete schema.
  public let names: String
  /// What is asked when a transaction on a schema of this kind begins, reading or writing: the version, and of a
  /// collection that is written the successor. Writing, the first question locks the version against other writers,
  /// and whatever is asked with it or later sees what the last of them has left.
  public let questions: @Sendable (Schema.Kind, Bool) -> [String]
  /// Whether a transaction that fails undoes the schemas and tables that it has made.
  public let undoesTables: Bool

  public init(
    _ tables: Dialect, prefix: String, create: @escaping @Sendable (String) -> [String],
    drop: @escaping @Sendable (String) -> [String], mark: @escaping @Sendable (Int64) -> [String], names: String,
    questions: @escaping @Sendable (Schema.Kind, Bool) -> [String], undoesTables: Bool
  ) {
    (self.tables, self.prefix, self.create, self.drop) = (tables, prefix, create, drop)
    (self.mark, self.names, self.questions, self.undoesTables) = (mark, names, questions, undoesTables)
  }

  /// A prefix and numbers: never a text that a user chose.
  public func name(_ schema: Schema) -> String {
    switch schema {
    case .accounts: "\(prefix)_accounts"
    case .user(let id): "\(prefix)_user_\(id)"
    case .collection(let user, let generation): "\(prefix)_collection_\(user)_\(generation)"
    }
  }

  /// The schema of a name; nil where it is none of ours.
  public func schema(_ name: String) -> Schema? {
    guard name.hasPrefix(prefix + "_") else { return nil }
    let parts = name.dropFirst(prefix.count + 1).split(separator: "_", omittingEmptySubsequences: false)
    let numbers = parts.dropFirst().compactMap { Int64($0) }
    let found: Schema? =
      switch (parts.first, numbers.count, parts.count) {
      case ("accounts", 0, 1): .accounts
      case ("user", 1, 2): .user(numbers[0])
      case ("collection", 2, 3): .collection(user: numbers[0], generation: numbers[1])
      default: nil
      }
    // "+7" and "07" are no names that we give.
    return found.flatMap { self.name($0) == name ? $0 : nil }
  }
}
