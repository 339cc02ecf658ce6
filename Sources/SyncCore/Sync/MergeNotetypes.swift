extension SyncCall {
  /// Notetypes replace as a whole; another number of fields or templates is a change of schema, which no normal sync
  /// may bring (sync-protocol.md 6.5, invariants.md D4).
  func mergeNotetypes(_ incoming: [NotetypeBundle], into staging: inout Staging) throws {
    guard !incoming.isEmpty else { return }
    for bundle in incoming { try check(bundle, in: staging) }
    var taken = try newer(incoming.map(\.notetype), \.mtime, in: staging)
    var names = UniqueNames(try staging.all(Notetype.self).map { ($0.id, $0.name) })
    for notetype in taken.rows { names.release(notetype.id) }
    for index in taken.rows.indices where names.claim(&taken.rows[index].name, for: taken.rows[index].id) {
      taken.rows[index].mtime = caller.seconds
    }
    try staging.put(taken.rows, added: taken.added)

    let ids = Set(taken.rows.map(\.id))
    var bundles: [Int64: NotetypeBundle] = [:]
    for bundle in incoming where ids.contains(bundle.notetype.id) { bundles[bundle.notetype.id] = bundle }
    for bundle in bundles.values {
      try staging.put(bundle.fields, added: 0)
      try staging.put(bundle.templates, added: 0)
    }
  }

  private func check(_ bundle: NotetypeBundle, in staging: Staging) throws {
    let id = bundle.notetype.id
    for names in [bundle.fields.map(\.name), bundle.templates.map(\.name)]
    where Set(names.map { Unicase.fold($0.string) }).count < names.count {
      throw SyncError(.invalid, "notetype \(id): a name is given twice")
    }
    guard try !staging.rows(Notetype.self, [id]).isEmpty else { return }
    let fields = try fieldCount(id, in: staging)
    let templates = try owned(Template.self, id, in: staging)
    guard fields == bundle.fields.count, templates == bundle.templates.count else {
      throw SyncError(.invalid, "notetype \(id): fields or templates were added or removed without a full sync")
    }
  }

  /// How many fields a notetype has, 0 where there is no such notetype.
  func fieldCount(_ notetype: Int64, in staging: Staging) throws -> Int {
    try owned(Field.self, notetype, in: staging)
  }

  private func owned<R: Stageable>(_ type: R.Type, _ notetype: Int64, in staging: Staging) throws -> Int {
    let base = try store.fetch(R.self, .owned(by: notetype)).count
    // A notetype that was there keeps its numbers, so only a new one is looked for among the staged rows.
    guard base == 0, staging.session.staged > 0 else { return base }
    var count = 0
    try staging.eachStaged(R.self, behind: Text("\(notetype):")) { _, _ in count += 1 }
    return count
  }
}
