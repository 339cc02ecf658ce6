import SyncCore

extension CollectionObjects {
  /// Makes names such that every client accepts the file they are written to (collection-format.md 8, "deck names").
  /// A changed deck or notetype is stamped as changed on the server: `usn`, and a time later than the one that its
  /// device knows.
  /// - Returns: whether anything changed.
  mutating func repairNames(usn: Int64, stamp: Int64) throws -> Bool {
    let decksChanged = try repairDecks(usn: usn, stamp: stamp)
    let notetypesChanged = try repairNotetypes(usn: usn, stamp: stamp)
    return decksChanged || notetypesChanged
  }

  private mutating func repairDecks(usn: Int64, stamp: Int64) throws -> Bool {
    var names = DistinctNames(suffix: "_")
    var changed = false
    for index in decks.indices {
      let name = try names.claim(DeckName.normalise(native: decks[index].name))
      guard name != decks[index].name else { continue }
      decks[index].name = name
      decks[index].usn = usn
      decks[index].mtime = max(decks[index].mtime, stamp) &+ 1
      changed = true
    }
    return changed
  }

  private mutating func repairNotetypes(usn: Int64, stamp: Int64) throws -> Bool {
    var names = DistinctNames(suffix: "_")
    var changed = false
    for index in notetypes.indices {
      var bundle = notetypes[index]
      bundle.notetype.name = try names.claim(bundle.notetype.name)
      try bundle.makePartsDistinct()
      guard bundle != notetypes[index] else { continue }
      bundle.notetype.usn = usn
      bundle.notetype.mtime = max(bundle.notetype.mtime, stamp) &+ 1
      notetypes[index] = bundle
      changed = true
    }
    return changed
  }
}

extension NotetypeBundle {
  /// Makes the names of templates and fields unique within the notetype.
  fileprivate mutating func makePartsDistinct() throws {
    var names = DistinctNames(suffix: "+")
    for index in templates.indices { templates[index].name = try names.claim(templates[index].name) }
    names = DistinctNames(suffix: "+")
    for index in fields.indices { fields[index].name = try names.claim(fields[index].name) }
  }
}

/// Names that are unique under unicase; who comes second gets a suffix.
struct DistinctNames {
  /// Real collections have a few equal names. Many would be names of a length without bound.
  static let mostSuffixes = 500
  let suffix: String
  private var taken: Set<String> = []

  init(suffix: String) { self.suffix = suffix }

  mutating func claim(_ name: Text) throws -> Text {
    var name = name
    for _ in 0...Self.mostSuffixes {
      if taken.insert(Unicase.fold(name.string)).inserted { return name }
      name.string += suffix
    }
    throw CollectionFault.damaged("too many equal names")
  }
}
