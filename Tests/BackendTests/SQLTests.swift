import Foundation
import SQLBackend
import SQLiteFile
import SyncCore
import Testing

@testable import SQLiteBackend

@Suite("SQL derived from the tables")
struct SQLTests {
  @Test(
    "no selection that an index serves reads the whole table or sorts",
    arguments: Schema.Kind.collection.rows.map(Named.init))
  func plans(row: Named) throws {
    let sql = TableSQL(row.type.table, .sqlite)
    let connection = try Self.memory(.collection)
    var indexed = [sql.row, sql.firstPage, sql.nextPage, sql.all, sql.delete]
    if row.type.table.indexes.contains(.usn) { indexed += [sql.changed, sql.sameUSN].compactMap(\.self) }
    if row.type.table.owner != nil { indexed += [sql.owned].compactMap(\.self) }
    for text in indexed {
      let plan = try connection.statement("EXPLAIN QUERY PLAN " + text) { statement in
        var lines: [String] = []
        while try statement.step() { lines.append(statement.text(3).string) }
        return lines.joined(separator: "; ")
      }
      #expect(!plan.contains("TEMP B-TREE"), "\(text): \(plan)")
      #expect(text == sql.all || text == sql.firstPage || !plan.contains("SCAN"), "\(text): \(plan)")
    }
  }

  @Test("each engine's dialect is data")
  func dialects() {
    let postgres = Dialect(
      integer: "bigint", text: "text COLLATE \"C\"", blob: "bytea", quote: "\"", parameters: .numbered,
      upsert: .onConflict, indexesHoldTheKey: false)
    let sql = TableSQL(Grave.table, postgres)
    #expect(
      sql.createTable.trimmingCharacters(in: .whitespaces)
        == #"CREATE TABLE "graves" ("type" bigint NOT NULL, "oid" bigint NOT NULL, "usn" bigint NOT NULL, "#
        + #"PRIMARY KEY ("type", "oid"))"#)
    #expect(sql.createIndexes == [#"CREATE INDEX "graves_usn" ON "graves" ("usn", "type", "oid")"#])
    #expect(
      sql.upsert == #"INSERT INTO "graves" ("type", "oid", "usn") VALUES ($1, $2, $3) "#
        + #"ON CONFLICT ("type", "oid") DO UPDATE SET "usn" = excluded."usn""#)
    #expect(
      sql.sameUSN == #"SELECT "type", "oid", "usn" FROM "graves" WHERE "usn" = $1 AND ("type", "oid") > ($2, $3) "#
        + #"ORDER BY "type", "oid" LIMIT $4"#)
    #expect(sql.owned == nil)
  }

  @Test("of a large table keys and indexes may come behind its rows, of a small one they need not")
  func indexesFollowRows() {
    func sql(_ table: Table, keyFollowsRows: Bool = false, tablesHoldIndexes: Bool = false) -> TableSQL {
      let dialect = Dialect(
        integer: "int", text: "text", blob: "blob", quote: "", parameters: .questionMarks, upsert: .onConflict,
        indexesHoldTheKey: true, keyFollowsRows: keyFollowsRows, tablesHoldIndexes: tablesHoldIndexes)
      return TableSQL(table, dialect)
    }
    #expect(!sql(Card.table, keyFollowsRows: true).createTable.contains("PRIMARY KEY"))
    #expect(
      sql(Card.table, keyFollowsRows: true).createIndexes == [
        "ALTER TABLE cards ADD PRIMARY KEY (id)", "CREATE INDEX cards_usn ON cards (usn)",
        "CREATE INDEX cards_nid ON cards (nid)",
      ])
    #expect(sql(Grave.table, keyFollowsRows: true).createTable.contains("PRIMARY KEY (type, oid)"))
    #expect(
      sql(Card.table, tablesHoldIndexes: true).createIndexes
        == ["ALTER TABLE cards ADD INDEX cards_usn (usn), ADD INDEX cards_nid (nid)"])
    #expect(sql(Grave.table, tablesHoldIndexes: true).createTable.contains("INDEX graves_usn (usn)"))
    #expect(sql(Grave.table, tablesHoldIndexes: true).createIndexes == [])
    #expect(sql(Col.table, tablesHoldIndexes: true).createIndexes == [])
  }

  @Test("an engine that cannot compare rows gets the columns of a key one by one, with its values again and again")
  func columns() throws {
    let dialect = Dialect(
      integer: "bigint", text: "longtext", keyText: "varbinary(3000)", blob: "longblob", quote: "`",
      parameters: .questionMarks, upsert: .onDuplicateKey, keyOrder: .columns, many: .lists([100, 10, 1]),
      indexesHoldTheKey: true)
    let sql = TableSQL(Staged.table, dialect)
    #expect(sql.createTable.contains("`object` varbinary(3000)"))
    #expect(
      sql.nextPage.hasSuffix(
        "WHERE (`session` > ? OR (`session` = ? AND `kind` > ?) OR (`session` = ? AND `kind` = ? AND `object` > ?)) "
          + "ORDER BY `session`, `kind`, `object` LIMIT ?"))
    #expect(sql.delete(2) == "DELETE FROM `staged` WHERE (`session`, `kind`, `object`) IN ((?, ?, ?), (?, ?, ?))")
    #expect(sql.upsert(2).contains("VALUES (?, ?, ?, ?), (?, ?, ?, ?) ON DUPLICATE KEY UPDATE"))
    var written = Written()
    let page = try sql.queries(Selection<Staged>.page(after: StagedKey(session: 1, kind: 2, object: "c"), limit: 9))
    for query in page { try query.bind(&written, limit: 9) }
    #expect(written.values == ["1", "1", "2", "1", "2", "c", "9"])
  }

  private struct Written: ColumnVisitor {
    var values: [String] = []
    mutating func integer(_ name: StaticString, _ value: inout Int64) { values.append("\(value)") }
    mutating func text(_ name: StaticString, _ value: inout Text) { values.append(value.string) }
    mutating func blob(_ name: StaticString, _ value: inout [UInt8]) { values.append("blob") }
  }

  static func memory(_ kind: Schema.Kind) throws -> SQLiteConnection {
    let connection = try SQLiteConnection(path: ":memory:", .readWriteCreate)
    for table in try Vocabulary(.sqlite).tables(of: kind) {
      try connection.execute(([table.createTable] + table.createIndexes).joined(separator: ";"))
    }
    return connection
  }
}

/// A kind of row, as an argument.
struct Named: Sendable, CustomTestStringConvertible {
  let type: any Row.Type
  var testDescription: String { type.table.name.text }
}
