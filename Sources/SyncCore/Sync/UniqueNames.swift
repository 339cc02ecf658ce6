/// The names of one table, unique under unicase (sync-protocol.md 6.5).
struct UniqueNames {
  private var owners: [String: Int64] = [:]
  private var names: [Int64: String] = [:]

  init(_ rows: [(id: Int64, name: Text)]) {
    for row in rows {
      let folded = Unicase.fold(row.name.string)
      owners[folded] = row.id
      names[row.id] = folded
    }
  }

  /// The row gives up its name, because it is about to be replaced: two decks may swap theirs.
  mutating func release(_ id: Int64) {
    guard let name = names.removeValue(forKey: id), owners[name] == id else { return }
    owners[name] = nil
  }

  /// Appends `+` until no other row has the name.
  /// - Returns: whether the name had to change.
  mutating func claim(_ name: inout Text, for id: Int64) -> Bool {
    var changed = false
    var folded = Unicase.fold(name.string)
    while let owner = owners[folded], owner != id {
      name.string += "+"
      folded = Unicase.fold(name.string)
      changed = true
    }
    owners[folded] = id
    names[id] = folded
    return changed
  }
}
