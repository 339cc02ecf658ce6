import SyncCore

/// What differs between engines that speak SQL, as data.
public struct Dialect: Sendable {
  /// How a value is named in a statement: `?`, or `$1`.
  public enum Parameters: Sendable { case questionMarks, numbered }

  /// What follows `INSERT` so that a row with the same key is replaced.
  public enum Upsert: Sendable { case orReplace, onConflict, onDuplicateKey }

  /// How "behind this key" is said of a key with several columns, so that an index serves it.
  public enum KeyOrder: Sendable {
    /// `(a, b) > (?, ?)`
    case rows
    /// `(a > ? OR (a = ? AND b > ?))`
    case columns
  }

  /// How one statement takes many rows or keys.
  public enum Many: Sendable {
    /// One array per column: one text for any number.
    case arrays
    /// A list in the text, in pieces of these sizes: the largest that fits, down to 1.
    case lists([Int])
  }

  public let integer: String
  public let text: String
  /// A text that is part of a key.
  public let keyText: String
  public let blob: String
  /// Stands on both sides of an identifier.
  public let quote: String
  /// Whether statements say which schema their tables are in (``placed(_:)``).
  public let namesSchema: Bool
  public let parameters: Parameters
  public let upsert: Upsert
  public let keyOrder: KeyOrder
  public let many: Many
  /// Whether an index ends with the columns of the key by itself.
  public let indexesHoldTheKey: Bool
  /// Whether the primary key of a large table is made with the indexes, behind the rows of a load, and not with the
  /// table.
  public let keyFollowsRows: Bool
  /// Whether indexes are part of what makes a table; those of a large one are then added behind the rows of a load, all
  /// by one statement.
  public let tablesHoldIndexes: Bool
  /// How the making of a table begins, and of one that may be lost with the power.
  public let createTable: String
  public let createVolatileTable: String
  /// What follows the columns of a table with one integer as key, and of one with any other key.
  public let numberedTable: String
  public let keyedTable: String

  public init(
    integer: String, text: String, keyText: String? = nil, blob: String, quote: String, namesSchema: Bool = false,
    parameters: Parameters, upsert: Upsert, keyOrder: KeyOrder = .rows, many: Many = .lists([1]),
    indexesHoldTheKey: Bool, keyFollowsRows: Bool = false, tablesHoldIndexes: Bool = false,
    createTable: String = "CREATE TABLE", createVolatileTable: String = "CREATE TABLE",
    numberedTable: String = "", keyedTable: String = ""
  ) {
    (self.integer, self.text, self.keyText, self.blob) = (integer, text, keyText ?? text, blob)
    (self.quote, self.namesSchema, self.parameters, self.upsert) = (quote, namesSchema, parameters, upsert)
    (self.keyOrder, self.many, self.indexesHoldTheKey) = (keyOrder, many, indexesHoldTheKey)
    (self.keyFollowsRows, self.tablesHoldIndexes) = (keyFollowsRows, tablesHoldIndexes)
    self.createTable = createTable
    (self.createVolatileTable, self.numberedTable, self.keyedTable) = (createVolatileTable, numberedTable, keyedTable)
  }

  /// The names of tables and columns are our own, never a user's text.
  func quoted(_ name: StaticString) -> String { quoted(name.text) }
  func quoted(_ name: String) -> String { quote + name + quote }

  /// The name of a table in a statement that reads or writes. Where that says the schema, too, its place is left open,
  /// so that one text serves every schema: ``naming(_:in:)`` fills it in.
  public func placed(_ table: String) -> String {
    (namesSchema ? quoted(String(UnicodeScalar(Self.openPlace))) + "." : "") + quoted(table)
  }

  /// No statement that is derived has this character elsewhere.
  private static let openPlace = UInt8(ascii: "#")

  /// The statement as a schema's own.
  public static func naming(_ schema: String, in sql: String) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(sql.utf8.count + 2 * schema.utf8.count)
    for byte in sql.utf8 {
      if byte == openPlace { bytes += schema.utf8 } else { bytes.append(byte) }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  func type(_ kind: Table.Kind, inKey: Bool) -> String {
    switch kind {
    case .integer: integer
    case .text: inKey ? keyText : text
    case .blob: blob
    }
  }

  func parameter(_ number: Int) -> String {
    switch parameters {
    case .questionMarks: "?"
    case .numbered: "$\(number)"
    }
  }
}
