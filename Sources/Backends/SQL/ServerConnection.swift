public import SyncCore

/// A database server that connections can be made to: an engine is one of these and what ``ServerDialect`` says.
public protocol DatabaseServer: Sendable {
  associatedtype Connection: ServerConnection
  var dialect: ServerDialect { get }
  /// Opens a connection; blocks.
  /// - Throws: `unavailable` where nobody answers or the server is starting, `invalid` where it refuses us for good.
  func connect() throws -> Connection
  /// Removes what crashed loads have left, where the server does not do that by itself. Called when the engine is
  /// opened; others may be loading.
  func tidy(_ connection: Connection) throws
  /// What an examination asks about the server and our session.
  var questions: ServerQuestions { get }
  /// What the answers mean for whoever trusts the server.
  func findings(_ facts: ServerFacts) -> [Finding]
}

extension DatabaseServer {
  public func tidy(_ connection: Connection) {}
}

/// A connection to a database server, used by one thread at a time. Errors are ``StorageError``s.
///
/// Nothing has to be sent before its answer is needed: ``begin(_:in:_:)`` and ``execute(_:in:_:)`` may be kept back
/// until the next ``query(_:in:_:_:)``, ``open()`` or ``end(keeping:)``, whose error is then theirs.
public protocol ServerConnection: AnyObject, Sendable {
  associatedtype Values: StatementValues
  associatedtype Answer: ServerAnswer

  /// Begins a transaction. Where it defines tables, names without a schema are those of `schema` from now on.
  /// - Parameter openings: one for each schema that is read or written.
  func begin(_ work: Work, in schema: String, _ openings: [Opening<Answer>]) throws
  /// Has the openings answered, where they are not yet.
  func open() throws
  /// Ends the transaction, also one whose beginning has thrown. Nothing is kept where this throws, and this throws
  /// where anything has failed that was to be kept.
  func end(keeping: Bool) throws
  /// Runs statements without values that define tables. Where the engine commits them by itself, each is repeatable.
  func define(_ statements: [String]) throws
  /// Runs a statement whose answer is not needed. Its tables are those of `schema` (``Dialect/naming(_:in:)``).
  func execute(_ sql: String, in schema: String, _ values: Values) throws
  /// Runs a statement and hands over each row of its answer. `row` uses no connection.
  func query(_ sql: String, in schema: String, _ values: Values, _ row: (inout Answer) throws -> Void) throws
  /// Hands over every row of a table, in key order, few of them in memory at once. `body` uses no connection.
  func scan<R: Row>(_ table: TableSQL, in schema: String, _ body: (R) throws -> Void) throws
  /// Appends rows to a table that was made in this transaction.
  func load<R: Row>(_ rows: ArraySlice<R>, _ table: TableSQL) throws
  /// Makes what is running fail, from any thread. The connection is not used again.
  func interrupt()
  /// What has become of it.
  var state: ConnectionState { get }
}

/// What a transaction is for.
public enum Work: Sendable {
  /// Has its openings answered, each as of a moment of its own, and asks nothing else.
  case look
  /// Sees one moment and changes nothing.
  case read
  case write(Durability)
  /// Makes the schema, alone. It, or its making, is refused as `conflict` where a complete one is there.
  case make
  /// Changes the tables of a schema that is there, alone. Its opening is answered before anything else is done.
  case alter
  /// Removes the schema. Gives up soon, as `conflict`, while others use it.
  case drop
}

/// What is asked of a schema at the beginning of a transaction, in the same breath as its first statement.
public struct Opening<Answer> {
  public let schema: String
  /// Each answers one row, or none.
  public let questions: [String]
  /// Gets the row of the last question, or nil, before any answer to what comes behind the openings is handed over.
  /// Where it throws, the transaction fails with that.
  public let take: (Answer?) throws -> Void

  public init(_ schema: String, _ questions: [String], take: @escaping (Answer?) throws -> Void = { _ in }) {
    (self.schema, self.questions, self.take) = (schema, questions, take)
  }
}

/// Fills the columns of rows from those of an answer, in order.
public protocol ServerAnswer: ColumnVisitor {
  /// Passes over so many columns if the first of them is NULL, or else over none.
  mutating func passes(nulls count: Int) -> Bool
}

extension ServerAnswer {
  public mutating func row<R: Row>() throws -> R {
    var row = R()
    try row.columns(&self)
    return row
  }
}

public struct ConnectionState: Sendable {
  /// Whether it can be used for another transaction, as far as can be seen without asking the server.
  public var isUsable: Bool
  /// How often it has waited for the server.
  public var roundTrips: Int

  public init(isUsable: Bool, roundTrips: Int) { (self.isUsable, self.roundTrips) = (isUsable, roundTrips) }
}

/// The values of a statement, taken as a visitor of rows and keys.
public protocol StatementValues: ColumnVisitor {
  /// Values one by one.
  init()
  /// As many rows as will be visited, each with columns of these kinds: for a statement made for many
  /// (``Dialect/Many``).
  init(rowsOf kinds: [Table.Kind])
}

extension ServerConnection {
  /// Runs a statement of the server's own tables.
  public func query(_ sql: String, _ values: Values, _ row: (inout Answer) throws -> Void) throws {
    try query(sql, in: "", values, row)
  }

  /// Runs `body` in a transaction that is kept where nothing throws.
  func transaction<T>(
    _ work: Work, in schema: String, _ openings: [Opening<Answer>] = [], _ body: () throws -> T
  ) throws -> T {
    do {
      try begin(work, in: schema, openings)
      let value = try body()
      try end(keeping: true)
      return value
    } catch {
      // A connection that cannot even do this says that it is of no further use.
      try? end(keeping: false)
      throw error
    }
  }
}
