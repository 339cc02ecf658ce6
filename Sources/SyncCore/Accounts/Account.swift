/// A user of the server, in the schema `accounts`.
public struct Account: Row {
  public static let table = Table(of: Account.self, "account")

  public enum State: Int64, Sendable { case active = 0, disabled = 1, deleting = 2 }

  /// Never used again after the account is gone.
  public var id: Int64 = 0
  /// Free text, in NFC; unique bytewise.
  public var name = Text()
  /// A PHC string (`$argon2id$…`), or that of an older server.
  public var password = Text()
  public var stateNumber: Int64 = 0
  /// Milliseconds since 1970.
  public var created: Int64 = 0

  public init() {}
  public var key: Int64 { id }
  public var state: State { State(rawValue: stateNumber) ?? .disabled }

  public mutating func columns(_ visitor: inout some ColumnVisitor) throws {
    try visitor.integer("id", &id)
    try visitor.text("name", &name)
    try visitor.text("password", &password)
    try visitor.integer("state", &stateNumber)
    try visitor.integer("created", &created)
  }
}

/// Finds an account by its name. The row with the empty name holds the highest id ever given; one that begins with
/// U+0001 marks an installation that is not complete.
public struct AccountName: Row {
  public static let table = Table(of: AccountName.self, "account_name")

  public var name = Text()
  public var account: Int64 = 0

  public init() {}
  public init(_ name: Text, _ account: Int64) { (self.name, self.account) = (name, account) }
  public var key: Text { name }

  public mutating func columns(_ visitor: inout some ColumnVisitor) throws {
    try visitor.text("name", &name)
    try visitor.integer("account", &account)
  }
}

/// A device's key, kept as its SHA-256 (sync-protocol.md 6.1).
public struct HostKey: Row {
  public static let table = Table(of: HostKey.self, "host_key", indexes: [.owner], owner: "account")

  /// SHA-256 of the key, as 64 hex digits.
  public var digest = Text()
  public var account: Int64 = 0
  /// Milliseconds since 1970.
  public var created: Int64 = 0
  /// The version of the client that uses it, as it was told last.
  public var client = Text()

  public init() {}
  public var key: Text { digest }

  public mutating func columns(_ visitor: inout some ColumnVisitor) throws {
    try visitor.text("digest", &digest)
    try visitor.integer("account", &account)
    try visitor.integer("created", &created)
    try visitor.text("client", &client)
  }
}

/// Failed logins of one subject (an account, an address, or both) within an hour (sync-protocol.md 3).
public struct LoginFailures: Row {
  public static let table = Table(of: LoginFailures.self, "login_failures")

  /// SHA-256 of the subject, as 64 hex digits: names are not kept of accounts that do not exist.
  public var subject = Text()
  public var count: Int64 = 0
  /// Milliseconds since 1970 at which the counting starts anew.
  public var expires: Int64 = 0

  public init() {}
  public var key: Text { subject }

  public mutating func columns(_ visitor: inout some ColumnVisitor) throws {
    try visitor.text("subject", &subject)
    try visitor.integer("count", &count)
    try visitor.integer("expires", &expires)
  }
}
