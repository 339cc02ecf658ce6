import SQLBackend
import SyncCore

extension Dialect {
  /// Texts compare by their bytes and are not padded. Those of a key are bytes: an index of InnoDB takes 3072 of them,
  /// but counts four for a character.
  static let mariaDB = Dialect(
    integer: "bigint", text: "longtext", keyText: "varbinary(3000)", blob: "longblob", quote: "`",
    parameters: .questionMarks, upsert: .onDuplicateKey, keyOrder: .columns, many: .lists((1...100).reversed()),
    indexesHoldTheKey: true, numberedTable: table, keyedTable: table)

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
      questions: questions, undoesTables: false)
  }

  /// The version's row is locked first, and only then is the successor read: MariaDB would look a row up before it
  /// waits for the lock, if it were named by a number.
  private static func questions(_ kind: Schema.Kind, isWriting: Bool) -> [String] {
    guard isWriting else { return ["SELECT version FROM schema_version"] }
    guard kind == .collection else { return ["SELECT version FROM schema_version FOR UPDATE"] }
    return ["SELECT v.version, c.successor FROM schema_version v LEFT JOIN col c ON c.id = v.id FOR UPDATE"]
  }
}
