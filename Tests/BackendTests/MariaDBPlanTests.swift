import SQLBackend
import SyncCore
import Testing

@testable import MariaDBBackend

@Suite("How MariaDB finds rows", .enabled(if: ServerKind.mariadb.isChosen))
struct MariaDBPlanTests {
  @Test(
    "no selection that an index serves reads the whole table or sorts",
    arguments: Schema.Kind.collection.rows.map(Named.init))
  func plans(row: Named) async throws { try await check(row.type) }

  private func check<R: Row>(_ type: R.Type) async throws {
    let scene = try MariaDBScene(threads: 1)
    let schema = Schema.collection(user: 5, generation: 1)
    try await scene.withBackend { try await $0.load(schema) { try $0.append((1...500).map(Numbered.row(R.self))) } }
    let connection = try scene.server.connect()
    let name = try scene.name(schema)
    try connection.define(["USE `\(name)`"])
    // What the planner knows of a table comes a while after its rows.
    try connection.query("ANALYZE TABLE \(R.table.name)", Parameters()) { _ in }
    for (sql, values) in try Self.statements(type) {
      var (access, remarks) = ("", "")
      try connection.query("EXPLAIN " + sql, in: name, values) { row in
        (access, remarks) = (row.result.text(3).string, row.result.text(9).string)
      }
      #expect(["const", "ref", "range"].contains(access), "\(sql): \(access), \(remarks)")
      #expect(!remarks.contains("filesort"), "\(sql): \(remarks)")
    }
    try connection.end(keeping: false)
  }

  /// What asks for few of the rows from 1 to 500, with its values.
  private static func statements<R: Row>(_ type: R.Type) throws -> [(String, Parameters)] {
    let sql = TableSQL(R.table, .mariaDB)
    let key = Numbered.row(type)(495).key
    var selections: [Selection<R>] = [.keys([key]), .page(after: key, limit: 5)]
    if R.table.indexes.contains(.usn) {
      selections.append(.changed(since: 1, after: ChangeCursor(usn: 495, key: key), limit: 5))
    }
    if R.table.owner != nil { selections.append(.owned(by: 495)) }
    var found: [(String, Parameters)] = []
    for query in try selections.flatMap(sql.queries) {
      var values = Parameters()
      try query.bind(&values, limit: 5)
      found.append((query.sql, values))
    }
    var keys = Parameters()
    for number in 1...3 {
      var key = Numbered.row(type)(Int64(number)).key
      try key.columns(&keys, sql.keyNames)
    }
    return found + [(sql.rows(3), keys), (sql.delete(3), keys)]
  }
}

/// Fills every column with a number.
private struct Numbered: ColumnVisitor {
  let number: Int64

  static func row<R: Row>(_ type: R.Type) -> (Int64) -> R {
    { number in
      var (row, visitor) = (R(), Numbered(number: number))
      // It throws nothing.
      try? row.columns(&visitor)
      return row
    }
  }

  mutating func integer(_ name: StaticString, _ value: inout Int64) { value = number }
  mutating func text(_ name: StaticString, _ value: inout Text) { value = Text("\(number)") }
  mutating func blob(_ name: StaticString, _ value: inout [UInt8]) { value = Array("\(number)".utf8) }
}
