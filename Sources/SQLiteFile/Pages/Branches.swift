/// The pages above the leaves of one b-tree, level by level: each cell is a child's number and what parts that child
/// from the next one.
struct Branches {
  private let kind: TreePage.Kind
  private var levels: [TreePage] = []

  init(_ kind: TreePage.Kind) { self.kind = kind }

  /// Adds a page that is full.
  /// - Parameter separator: what follows the child's number in the cell: everything in the child is before it.
  mutating func add(_ child: UInt32, _ separator: some Collection<UInt8>, level: Int = 0, _ file: PageWriter) throws {
    if level == levels.count { levels.append(TreePage(kind)) }
    let cell = child.bigEndianBytes + separator
    if cell.withUnsafeBytes({ levels[level].append($0) }) { return }
    // The last cell becomes the right edge, and what stood in it moves up; so no branch is ever left without a cell.
    let last = levels[level].removeLast()
    let page = try file.allocate()
    try file.write(levels[level].sealed(right: UInt32(bigEndianBytes: last.prefix(4))), page)
    levels[level].clear()
    _ = cell.withUnsafeBytes { levels[level].append($0) }
    try add(page, last.dropFirst(4), level: level + 1, file)
  }

  /// Ends the tree with its last leaf. The topmost page goes where the tree begins.
  mutating func finish(_ leaf: [UInt8], root: UInt32, _ file: PageWriter) throws {
    var page = leaf
    for level in levels.indices {
      let child = try file.allocate()
      try file.write(page, child)
      page = levels[level].sealed(right: child)
    }
    try file.write(page, root)
  }
}
