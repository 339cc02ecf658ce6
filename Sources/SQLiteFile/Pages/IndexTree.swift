/// The keys of an index on one column of integers, in order.
struct IndexTree {
  /// A value and the number of the row that has it.
  struct Key: Comparable, BitwiseCopyable {
    let value: Int64
    let row: Int64

    static func < (a: Key, b: Key) -> Bool { a.value == b.value ? a.row < b.row : a.value < b.value }
  }

  private let file: PageWriter
  private var leaf = TreePage(.indexLeaf)
  private var branches = Branches(.indexBranch)
  private let record = RecordBytes()
  private let cell = ByteRun()

  init(_ file: PageWriter) { self.file = file }

  mutating func append(_ key: Key) throws {
    record.clear()
    record.integer(key.value)
    record.integer(key.row)
    cell.clear()
    cell.append(varint: UInt64(record.count))
    _ = record.write(record.count, to: cell)
    if leaf.append(cell.bytes) { return }
    // In an index a key that parts two leaves stands in none of them.
    let separator = leaf.removeLast()
    let page = try file.allocate()
    try file.write(leaf.sealed(), page)
    try branches.add(page, separator, file)
    leaf.clear()
    _ = leaf.append(cell.bytes)
  }

  mutating func finish(root: UInt32) throws { try branches.finish(leaf.sealed(), root: root, file) }
}
