import Crypto
import SyncCore

/// What a table holds, in two values that are equal on all engines where the rows are: how many, and SHA-256 of all of
/// them in key order.
struct TableDigest: Sendable, Equatable {
  let table: String
  let rows: Int
  let digest: String
}

extension Schema.Kind {
  /// What a copy carries as rows: not what an engine may forget, since a running sync ends with it, and not blobs,
  /// which go from store to store.
  fileprivate var copied: [any Row.Type] {
    let blobs = RowBlobs.rows.map { ObjectIdentifier($0) }
    return rows.filter { !$0.table.isVolatile && !blobs.contains(ObjectIdentifier($0)) }
  }
}

extension RowReader {
  /// Reads every table that a copy carries.
  /// - Parameter pipe: gets the rows, where there is one.
  func copied(_ kind: Schema.Kind, into pipe: RowPipe? = nil) throws -> [TableDigest] {
    try kind.copied.map { try copied($0, into: pipe) }
  }

  private func copied<R: Row>(_ type: R.Type, into pipe: RowPipe?) throws -> TableDigest {
    var hash = SHA256()
    var (count, batch, bytes): (Int, [R], Int) = (0, [], 0)
    try scan(type) { row in
      let encoded = try RowBytes.encode(row)
      hash.update(data: encoded)
      count += 1
      guard let pipe else { return }
      batch.append(row)
      bytes += encoded.count
      guard batch.count == RowPipe.batchRows || bytes >= RowPipe.batchBytes else { return }
      try pipe.put(batch)
      (batch, bytes) = ([], 0)
    }
    if !batch.isEmpty { try pipe?.put(batch) }
    return TableDigest(table: R.table.name.text, rows: count, digest: hash.finalize().hex)
  }
}

extension [TableDigest] {
  var rows: Int { reduce(0) { $0 + $1.rows } }

  /// - Throws: `corrupt`, naming the first table in which the copy is another one.
  func requireEqual(_ copy: [TableDigest], in schema: Schema) throws {
    for (mine, other) in zip(self, copy) where mine != other {
      let what = mine.rows == other.rows ? "other rows" : "\(other.rows) rows"
      throw StorageError(
        .corrupt, "\(schema), table \(mine.table): \(mine.rows) rows at the source, \(what) in the copy")
    }
  }
}

/// Takes rows that are loaded into a schema that is there already.
final class StoringLoader: RowLoader {
  private let rows: any RowStore

  init(_ rows: any RowStore) { self.rows = rows }

  func append<R: Row>(_ rows: [R]) throws { try self.rows.upsert(rows) }
}
