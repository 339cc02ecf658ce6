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
