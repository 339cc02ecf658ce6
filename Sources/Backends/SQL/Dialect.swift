import SyncCore

/// What differs between engines that speak SQL, as data.
public struct Dialect: Sendable {
  /// How a value is named in a statement: `?`, or `$1`.
  public enum Parameters: Sendable { case questionMarks, numbered }

  /// What follows `INSERT` so that a row with the same key is replaced.
  public enum Upsert: Sendable { case orReplace, onConflict, onDuplicateKey }

  public let integer: String
  public let text: String
  public let blob: String
  /// Stands on both sides of an identifier.
  public let quote: String
  public let parameters: Parameters
  public let upsert: Upsert
  /// Whether an index ends with the columns of the key by itself.
  public let indexesHoldTheKey: Bool
  /// What follows the columns of a table with one integer as key, and of one with any other key.
  public let numberedTable: String
  public let keyedTable: String

  public init(
    integer: String, text: String, blob: String, quote: String, parameters: Parameters, upsert: Upsert,
    indexesHoldTheKey: Bool, numberedTable: String = "", keyedTable: String = ""
  ) {
    (self.integer, self.text, self.blob, self.quote) = (integer, text, blob, quote)
    (self.parameters, self.upsert, self.indexesHoldTheKey) = (parameters, upsert, indexesHoldTheKey)
    (self.numberedTable, self.keyedTable) = (numberedTable, keyedTable)
  }

  /// The names of tables and columns are our own, never a user's text.
  func quoted(_ name: StaticString) -> String { quoted(name.text) }
  func quoted(_ name: String) -> String { quote + name + quote }

  func type(_ kind: Table.Kind) -> String {
    switch kind {
    case .integer: integer
    case .text: text
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
