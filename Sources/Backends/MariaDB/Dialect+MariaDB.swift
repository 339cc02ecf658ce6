import SQLBackend
import SyncCore

extension Dialect {
  /// Texts compare by their bytes and are not padded. Those of a key are bytes: an index of InnoDB takes 3072 of them,
  /// but counts four for a character.
  static let mariaDB = Dialect(
    integer: "bigint", text: "longtext", keyText: "varbinary(3000)", blob: "longblob", quote: "`",
    namesSchema: true, parameters: .questionMarks, upsert: .onDuplicateKey, keyOrder: .columns,
    many: .lists((1...100).reversed()), indexesHoldTheKey: true, tablesHoldIndexes: true, numberedTable: table,
    keyedTable: table)

  static let table = "ENGINE = InnoDB ROW_FORMAT = DYNAMIC \(characters)"
  static let characters = "DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_nopad_bin"
}

extension ServerDialect {
  /// A database per schema. Tables are made and dropped at once, whatever becomes of the transaction; what makes them a
  /// schema is the table `schema_version`, which comes last, under its name only when it has its row, and goes first.
  static func mariaDB(prefix: String) -> ServerDialect {
    ServerDialect(
      .mariaDB, prefix: prefix,
      create: { ["DROP DATABASE IF EXISTS `\($0)`", "CREATE DATABASE `\($0)` \(Dialect.characters)", "USE `\($0)`"] },
      drop: { ["DROP TABLE IF EXISTS `\($0)`.schema_version", "DROP DATABASE IF EXISTS `\($0)`"] },
      mark: { version in
        [
          "CREATE TABLE unfinished (id tinyint NOT NULL PRIMARY KEY, version bigint NOT NULL) \(Dialect.table)",
          "INSERT INTO unfinished VALUES (1, \(version))", "COMMIT", "RENAME TABLE unfinished TO schema_version",
        ]
      },
      names: "SELECT TABLE_SCHEMA FROM information_schema.TABLES WHERE TABLE_NAME = 'schema_version'",
      // The version's row, whose id is 1, is locked first, and only then are the others read: MariaDB would look them
      // up before it waits for the lock, if they were named by the number.
      headKey: "v.id", locking: { [$0 + " FOR UPDATE"] }, undoesTables: false, views: .mariaDB)
  }
}

extension ServerViews {
  /// Views do what their maker may do, so who reads them needs no right to anything else.
  static let mariaDB = ServerViews(
    .mariaDB,
    create: { name in
      [
        // The end of the transaction sets it back.
        "SET lock_wait_timeout = 1", "CREATE DATABASE IF NOT EXISTS `\(name)` \(Dialect.characters)", "USE `\(name)`",
      ]
    },
    remark: { "SELECT SCHEMA_COMMENT FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '\($0)'" },
    finish: { name, remark in ["ALTER DATABASE `\(name)` COMMENT '\(remark)'"] },
    drop: { ["DROP DATABASE IF EXISTS `\($0)`"] })
}

extension ViewDialect {
  static let mariaDB = ViewDialect(
    separator: separator, now: "UNIX_TIMESTAMP()",
    integer: { "CASE WHEN TRIM(\($0)) REGEXP '^-?[0-9]{1,9}$' THEN CAST(TRIM(\($0)) AS SIGNED) END" },
    quotient: { "((\($0)) DIV \($1))" },
    moment: { "CAST(TIMESTAMP '1970-01-01 00:00:00' + INTERVAL (\($0)) * 1000 MICROSECOND AS DATETIME(3))" },
    date: { "(DATE '1970-01-01' + INTERVAL (\($0)) DAY)" },
    field: { fields, number in
      // Beyond the last piece it would give the last one.
      """
      CASE WHEN CHAR_LENGTH(\(fields)) - CHAR_LENGTH(REPLACE(\(fields), \(separator), '')) >= \(number) \
      THEN SUBSTRING_INDEX(SUBSTRING_INDEX(\(fields), \(separator), \(number) + 1), \(separator), -1) ELSE '' END
      """
    },
    eachTag: """
      CROSS JOIN JSON_TABLE(\
      CONCAT('[', REPLACE(JSON_QUOTE(TRIM(n.tags)) COLLATE utf8mb4_bin, ' ', '","'), ']'), '$[*]' \
      COLUMNS (tag longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin PATH '$')) e
      """,
    tag: "e.tag", object: { "JSON_OBJECTAGG(\($0), \($1))" })

  private static let separator = "CHAR(31 USING utf8mb4)"
}
