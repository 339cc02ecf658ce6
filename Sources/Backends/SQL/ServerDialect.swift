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
  /// What finds the row with the key 1 of another table beside the row `v` of `schema_version`.
  let headKey: String
  /// Makes of the question that a reader begins with those of a writer: they lock the row of `schema_version`, which
  /// it calls `v`, against other writers, and the last answer shows what the last of them has left.
  let locking: @Sendable (String) -> [String]
  /// Whether a transaction that fails undoes the schemas and tables that it has made.
  public let undoesTables: Bool
  public let views: ServerViews

  public init(
    _ tables: Dialect, prefix: String, create: @escaping @Sendable (String) -> [String],
    drop: @escaping @Sendable (String) -> [String], mark: @escaping @Sendable (Int64) -> [String], names: String,
    headKey: String, locking: @escaping @Sendable (String) -> [String], undoesTables: Bool, views: ServerViews
  ) {
    (self.tables, self.prefix, self.create, self.drop) = (tables, prefix, create, drop)
    (self.mark, self.names, self.headKey, self.locking) = (mark, names, headKey, locking)
    (self.undoesTables, self.views) = (undoesTables, views)
  }

  /// What a transaction asks first. The last answer has the version and, behind it, the columns of each table's row
  /// with the key 1, or NULLs; no row where there is no schema.
  func questions(_ heads: [Table], isWriting: Bool) -> [String] {
    let columns = heads.enumerated().flatMap { number, table in
      table.columns.map { ", h\(number).\(tables.quoted($0.name))" }
    }
    let joins = heads.enumerated().map { number, table in
      let key = table.keyColumns.map { tables.quoted($0.name) }.joined()
      return " LEFT JOIN \(tables.placed(table.name.text)) h\(number) ON h\(number).\(key) = \(headKey)"
    }
    let reading =
      "SELECT v.version\(columns.joined()) FROM \(tables.placed("schema_version")) v\(joins.joined())"
    return isWriting ? locking(reading) : [reading]
  }

  /// A prefix and numbers: never a text that a user chose.
  public func name(_ schema: Schema) -> String {
    switch schema {
    case .accounts: "\(prefix)_accounts"
    case .user(let id): "\(prefix)_user_\(id)"
    case .collection(let user, let generation): "\(prefix)_collection_\(user)_\(generation)"
    }
  }

  /// Where the views of a user are.
  func viewsName(_ user: Int64) -> String { "\(prefix)_views_\(user)" }

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

/// How a database server keeps the views of a user: in a schema of their own, whose remark says what they show.
public struct ServerViews: Sendable {
  let words: ViewDialect
  /// Makes the schema where there is none, and enters it; from here on nobody is waited for long.
  let create: @Sendable (String) -> [String]
  /// Asks for the remark.
  let remark: @Sendable (String) -> String
  /// Lets those read who may read all views, and sets the remark, which holds no quotation mark.
  let finish: @Sendable (_ name: String, _ remark: String) -> [String]
  let drop: @Sendable (String) -> [String]

  public init(
    _ words: ViewDialect, create: @escaping @Sendable (String) -> [String],
    remark: @escaping @Sendable (String) -> String, finish: @escaping @Sendable (String, String) -> [String],
    drop: @escaping @Sendable (String) -> [String]
  ) {
    (self.words, self.create, self.remark, self.finish, self.drop) = (words, create, remark, finish, drop)
  }
}
