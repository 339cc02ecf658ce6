import SQLBackend

extension Dialect {
  /// `STRICT` keeps the owner's own tools from storing a text where a number belongs. Rows with a key that is no number
  /// lie in the key's order (`WITHOUT ROWID`). Texts compare by their bytes anyway.
  static let sqlite = Dialect(
    integer: "INTEGER", text: "TEXT", blob: "BLOB", quote: "\"", parameters: .questionMarks, upsert: .orReplace,
    indexesHoldTheKey: true, numberedTable: "STRICT", keyedTable: "STRICT, WITHOUT ROWID")
}

extension ViewDialect {
  static let sqlite = ViewDialect(
    separator: "char(31)", now: "CAST(strftime('%s', 'now') AS INTEGER)",
    integer: { text in
      """
      CASE WHEN length(trim(\(text))) BETWEEN 1 AND 10 AND trim(\(text)) NOT GLOB '*[^0-9-]*' \
      THEN CAST(trim(\(text)) AS INTEGER) END
      """
    },
    quotient: { "((\($0)) / \($1))" },
    moment: { "strftime('%Y-%m-%d %H:%M:%f', (\($0)) / 1000.0, 'unixepoch')" },
    date: { "date((\($0)) * 86400, 'unixepoch')" },
    field: { "COALESCE(json_extract(\(pieces($0)), '$[' || \($1) || ']'), '')" },
    eachTag: "CROSS JOIN json_each('[' || replace(json_quote(trim(n.tags)), ' ', '\",\"') || ']') e", tag: "e.value",
    object: { "json_group_object(\($0), \($1))" })

  /// A JSON array of the fields. A backslash is written as a number first: what looks like the separator's escape then
  /// is one.
  private static func pieces(_ fields: String) -> String {
    #"'[' || replace(replace(json_quote(\#(fields)), '\\', '\u005c'), '\u001f', '","') || ']'"#
  }
}
