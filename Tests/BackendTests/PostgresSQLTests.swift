import SyncCore
import Testing

@testable import PostgresBackend
@testable import SQLBackend

@Suite("PostgreSQL's statements", .enabled(if: ServerKind.postgres.isChosen))
struct PostgresSQLTests {
  @Test(
    "no selection that an index serves reads the whole table or sorts",
    arguments: Schema.Kind.collection.rows.map(Named.init))
  func plans(row: Named) async throws {
    let schema = Schema.collection(user: 1, generation: 1)
    let scene = try PostgresScene()
    let sql = TableSQL(row.type.table, .postgres)
    // As after a load: there are rows, and no statistics.
    try await scene.withBackend { try await $0.load(schema) { try Self.fill(row.type, $0) } }
    var asked = [sql.rows(2), sql.firstPage, sql.nextPage, sql.all, sql.delete(2)]
    if row.type.table.indexes.contains(.usn) { asked += [sql.changed, sql.sameUSN].compactMap(\.self) }
    if row.type.table.owner != nil { asked += [sql.owned].compactMap(\.self) }
    let arrays = sql.keyKinds.map { "\(Self.type($0))[]" }.joined(separator: ", ")
    for text in asked {
      let takesKeys = text == sql.rows(2) || text == sql.delete(2)
      let plan = try scene.explain(text, takesKeys ? "(\(arrays))" : "", in: schema)
      #expect(!plan.contains("Seq Scan"), "\(text): \(plan)")
      #expect(!plan.contains("Sort"), "\(text): \(plan)")
      #expect(text == sql.all || text == sql.firstPage || plan.contains("Index Cond"), "\(text): \(plan)")
    }
  }

  private static func fill<R: Row>(_ type: R.Type, _ loader: any RowLoader) throws {
    for start in stride(from: Int64(0), to: 5_000, by: 1_000) {
      try loader.append(
        try (start..<start + 1_000).map { number in
          var (row, numbers) = (R(), Numbers(number: number))
          try row.columns(&numbers)
          return row
        })
    }
  }

  private static func type(_ kind: Table.Kind) -> String {
    switch kind {
    case .integer: "bigint"
    case .text: "text"
    case .blob: "bytea"
    }
  }

  private struct Numbers: ColumnVisitor {
    let number: Int64
    mutating func integer(_ name: StaticString, _ value: inout Int64) { value = number }
    mutating func text(_ name: StaticString, _ value: inout Text) { value = Text("text \(number)") }
    mutating func blob(_ name: StaticString, _ value: inout [UInt8]) { value = [1, 2, 3] }
  }

  @Test("arrays of values and keys take any number of rows in one statement")
  func texts() {
    let sql = TableSQL(Grave.table, .postgres)
    #expect(sql.upsert(5) == sql.upsert(900) && sql.rows(5) == sql.rows(900) && sql.delete(5) == sql.delete(900))
    #expect(
      sql.upsert(2) == ##"INSERT INTO "#"."graves" ("type", "oid", "usn") SELECT * FROM unnest($1, $2, $3) "##
        + #"ON CONFLICT ("type", "oid") DO UPDATE SET "usn" = excluded."usn""#)
    #expect(
      sql.delete(2) == ##"DELETE FROM "#"."graves" WHERE ("type", "oid") IN (SELECT * FROM unnest($1, $2))"##)
    #expect(
      TableSQL(SyncCore.Tag.table, .postgres).delete(2) == ##"DELETE FROM "#"."tags" WHERE "folded" = ANY ($1)"##)
  }
}

extension PostgresScene {
  /// The plan that the server has for a statement before it knows the values.
  fileprivate func explain(_ sql: String, _ types: String, in schema: Schema) throws -> String {
    let connection = try server.connect()
    var lines: [String] = []
    let count = (1...20).last { sql.contains("$\($0)") } ?? 0
    let nulls = (0..<count).map { _ in "NULL" }.joined(separator: ", ")
    try connection.transaction(.write(.relaxed), in: name(schema)) {
      try connection.define(["PREPARE statement\(types) AS \(Dialect.naming(name(schema), in: sql))"])
      let call = count == 0 ? "" : "(\(nulls))"
      try connection.query("EXPLAIN EXECUTE statement\(call)", PostgresValues()) { answer in
        var line = Text()
        try answer.text("plan", &line)
        lines.append(line.string)
      }
    }
    return lines.joined(separator: "; ")
  }
}
