/// The rows of a table, in order of their numbers.
struct TableTree {
  private let file: PageWriter
  private var leaf = TreePage(.tableLeaf)
  private var branches = Branches(.tableBranch)
  private let cell = ByteRun()
  private let separator = ByteRun()
  private var last: Int64 = 0

  init(_ file: PageWriter) { self.file = file }

  /// - Parameter number: the row's; larger than those before it.
  mutating func append(_ number: Int64, _ record: RecordBytes) throws {
    cell.clear()
    cell.append(varint: UInt64(record.count))
    cell.append(varint: UInt64(bitPattern: number))
    let rest = record.write(Self.bytesInLeaf(of: record.count), to: cell)
    if !rest.isEmpty { try overflow(rest) }
    if !leaf.append(cell.bytes) {
      let page = try file.allocate()
      try file.write(leaf.sealed(), page)
      separator.clear()
      separator.append(varint: UInt64(bitPattern: last))
      try branches.add(page, separator.bytes, file)
      leaf.clear()
      _ = leaf.append(cell.bytes)
    }
    last = number
  }

  mutating func finish(root: UInt32) throws { try branches.finish(leaf.sealed(), root: root, file) }

  /// What is too long for a leaf goes on in a chain of pages, each of which names the next.
  private func overflow(_ rest: UnsafeRawBufferPointer) throws {
    var rest = rest[...]
    var page = try file.allocate()
    cell.append(Int64(page), width: 4)
    while !rest.isEmpty {
      let piece = rest.prefix(TreePage.size - 4)
      rest = rest.dropFirst(piece.count)
      let next = rest.isEmpty ? 0 : try file.allocate()
      let padding = [UInt8](repeating: 0, count: TreePage.size - 4 - piece.count)
      try file.write(next.bigEndianBytes + piece + padding, page)
      page = next
    }
  }

  /// How much of a record its leaf holds (sqlite.org/fileformat2.html, 1.6): as much as fits, or as little as leaves
  /// the last page of the chain full.
  private static func bytesInLeaf(of count: Int) -> Int {
    let most = TreePage.size - 35
    guard count > most else { return count }
    let least = (TreePage.size - 12) * 32 / 255 - 23
    let even = least + (count - least) % (TreePage.size - 4)
    return even <= most ? even : least
  }
}
