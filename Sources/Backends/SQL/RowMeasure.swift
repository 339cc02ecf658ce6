import SyncCore

/// Looks at the columns of rows before they are sent: refuses what cannot be stored, and weighs the rest.
struct RowMeasure: ColumnVisitor {
  /// Servers index a key in part of one page: PostgreSQL up to 2,704 bytes, MariaDB up to 3,072.
  static let longestKeyText = 2_600

  /// How many columns are the key.
  let keyCount: Int
  private var column = 0
  private(set) var bytes = 0

  init(keyCount: Int) { self.keyCount = keyCount }

  mutating func integer(_ name: StaticString, _ value: inout Int64) {
    bytes += 8
    column += 1
  }

  mutating func text(_ name: StaticString, _ value: inout Text) throws {
    let (count, hasNUL) = value.string.withUTF8 { ($0.count, $0.containsNUL) }
    if hasNUL { throw StorageError(.invalid, "a NUL in the text of column \(name)") }
    if column < keyCount, count > Self.longestKeyText {
      throw StorageError(
        .invalid, "the text of column \(name) has \(count) bytes; this database takes \(Self.longestKeyText) at most")
    }
    bytes += count
    column += 1
  }

  mutating func blob(_ name: StaticString, _ value: inout [UInt8]) {
    bytes += value.count
    column += 1
  }
}

/// Rows cut into pieces that one statement takes.
enum Pieces {
  /// In one statement, at most: rows, and bytes unless a single row is larger.
  static let rows = 1_000
  static let bytes = 1 << 20
  /// What one row may have: servers end a connection that sends much more.
  static let largestRow = 256 << 20

  /// - Throws: `invalid` where a row cannot be stored.
  static func of<R: Row>(_ rows: [R]) throws -> [ArraySlice<R>] {
    var (pieces, start, bytes): ([ArraySlice<R>], Int, Int) = ([], 0, 0)
    for index in rows.indices {
      var row = rows[index]
      var measure = RowMeasure(keyCount: R.table.keyCount)
      try row.columns(&measure)
      if measure.bytes > largestRow {
        throw StorageError(.invalid, "a row of table \(R.table.name) has more than \(largestRow) bytes")
      }
      if index > start, index - start >= Self.rows || bytes + measure.bytes > Self.bytes {
        pieces.append(rows[start..<index])
        (start, bytes) = (index, 0)
      }
      bytes += measure.bytes
    }
    if start < rows.count { pieces.append(rows[start...]) }
    return pieces
  }

  /// The keys of one statement, with the last one again and again where the list in the text then has one of few
  /// lengths: each text has to be prepared, and a key that is named twice finds nothing else.
  static func filled<Key>(_ keys: ArraySlice<Key>, _ many: Dialect.Many) -> [Key] {
    guard case .lists(let sizes) = many, let last = keys.last else { return Array(keys) }
    let length = lengths.first { $0 >= keys.count && sizes.contains($0) } ?? keys.count
    return Array(keys) + repeatElement(last, count: length - keys.count)
  }

  private static let lengths = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 100]

  /// The largest numbers of rows that one text is made for, one after the other.
  static func split<T>(_ piece: ArraySlice<T>, _ many: Dialect.Many) -> [ArraySlice<T>] {
    guard case .lists(let sizes) = many else { return piece.isEmpty ? [] : [piece] }
    var (pieces, rest) = ([ArraySlice<T>](), piece)
    while !rest.isEmpty {
      let size = sizes.first { $0 <= rest.count } ?? 1
      pieces.append(rest.prefix(size))
      rest = rest.dropFirst(size)
    }
    return pieces
  }
}
