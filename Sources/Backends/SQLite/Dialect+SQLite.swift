import SQLBackend

extension Dialect {
  /// `STRICT` keeps the owner's own tools from storing a text where a number belongs. Rows with a key that is no number
  /// lie in the key's order (`WITHOUT ROWID`). Texts compare by their bytes anyway.
  static let sqlite = Dialect(
    integer: "INTEGER", text: "TEXT", blob: "BLOB", quote: "\"", parameters: .questionMarks, upsert: .orReplace,
    indexesHoldTheKey: true, numberedTable: "STRICT", keyedTable: "STRICT, WITHOUT ROWID")
}
