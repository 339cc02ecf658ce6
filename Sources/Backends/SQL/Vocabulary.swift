public import SyncCore

/// The statements of every table there is, made once.
public struct Vocabulary: Sendable {
  private let tables: [String: TableSQL]

  public init(_ dialect: Dialect) {
    let pairs = Schema.Kind.allCases.flatMap(\.tables).map { ($0.name.text, TableSQL($0, dialect)) }
    tables = Dictionary(pairs) { first, _ in first }
  }

  /// - Throws: `invalid` for a row that belongs to no schema.
  public func table<R: Row>(of type: R.Type) throws -> TableSQL { try table(R.table) }

  public func table(_ table: Table) throws -> TableSQL {
    guard let found = tables[table.name.text] else { throw StorageError(.invalid, "no table \(table.name)") }
    return found
  }

  /// Every table and index of a new schema of this kind.
  public func tables(of kind: Schema.Kind) throws -> [TableSQL] { try kind.tables.map(table) }
}
