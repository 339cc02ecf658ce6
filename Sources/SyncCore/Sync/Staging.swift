/// The collection as the running session sees it: base rows overlaid by what the session has staged.
///
/// A value inside one transaction. Changes of rows are written at once; ``session`` is written by ``save()``.
struct Staging {
  let store: any RowStore
  let col: Col
  var session: Session

  /// The rows with these keys as the session sees them; a key without a row, or buried, is left out.
  func rows<R: Stageable>(_ type: R.Type, _ keys: [R.Key]) throws -> [R.Key: R] {
    guard !keys.isEmpty else { return [:] }
    var found: [R.Key: R] = [:]
    for row in try store.fetch(R.self, .keys(keys)) { found[row.key] = row }
    for (key, row) in try staged(R.self, keys) { found[key] = row }
    return found
  }

  /// The outcomes staged for these keys: a row, or nil where the object is buried.
  func staged<R: Stageable>(_ type: R.Type, _ keys: [R.Key]) throws -> [(R.Key, R?)] {
    guard session.staged > 0 else { return [] }
    let names = keys.map { stagedKey(R.stage, $0.staged) }
    return try store.fetch(Staged.self, .keys(names)).compactMap { staged in
      guard let key = R.Key(staged: staged.id.object) else { return nil }
      return (key, staged.isBuried ? nil : try RowBytes.decode(R.self, staged.row))
    }
  }

  /// Every row of a small table as the session sees it.
  func all<R: Stageable>(_ type: R.Type) throws -> [R] {
    let base = try store.fetch(R.self, .all)
    guard session.staged > 0 else { return base }
    var rows: [R.Key: R] = [:]
    for row in base { rows[row.key] = row }
    try eachStaged(R.self) { key, row in rows[key] = row }
    return rows.values.sorted { $0.key < $1.key }
  }

  /// Every outcome staged for a table, in no particular order.
  func eachStaged<R: Stageable>(_ type: R.Type, behind prefix: Text = "", _ body: (R.Key, R?) throws -> Void) throws {
    var last = stagedKey(R.stage, prefix)
    while true {
      let page = try store.fetch(Staged.self, .page(after: last, limit: 500))
      for staged in page {
        guard staged.id.session == session.number, staged.id.kind == R.stage.rawValue,
          staged.id.object.string.utf8.starts(with: prefix.utf8)
        else { return }
        guard let key = R.Key(staged: staged.id.object) else { continue }
        try body(key, staged.isBuried ? nil : RowBytes.decode(R.self, staged.row))
      }
      guard page.count == 500, let end = page.last else { return }
      last = end.id
    }
  }

  /// Stages rows. `added` says how many of them are new to the collection.
  mutating func put<R: Stageable>(_ rows: [R], added: Int) throws {
    guard !rows.isEmpty else { return }
    try store.upsert(rows.map { Staged(stagedKey(R.stage, $0.key.staged), try RowBytes.encode($0)) })
    session.staged += Int64(rows.count)
    if let kind = R.stage.kind { session.deltas[kind] += Int64(added) }
  }

  /// Stages that these objects, all of which the session sees, are gone.
  mutating func bury<R: Stageable>(_ type: R.Type, _ keys: [R.Key]) throws {
    guard !keys.isEmpty else { return }
    try store.upsert(keys.map { Staged(stagedKey(R.stage, $0.staged), []) })
    session.staged += Int64(keys.count)
    if let kind = R.stage.kind { session.deltas[kind] -= Int64(keys.count) }
  }

  /// Forgets what was staged for a table.
  mutating func unstage<R: Stageable>(_ type: R.Type) throws {
    var names: [StagedKey] = []
    try eachStaged(R.self) { key, _ in names.append(stagedKey(R.stage, key.staged)) }
    try store.delete(Staged.self, names)
    if let kind = R.stage.kind { session.deltas[kind] = 0 }
  }

  func save() throws { try store.upsert([session]) }

  /// How many objects of a kind the session sees.
  func count(_ kind: ObjectKind) -> Int64 { col.counts[kind] + session.deltas[kind] }

  /// Whether the client has still to be told of a row, as it was before this sync (sync-protocol.md 1).
  func isPending(_ usn: Int64) -> Bool { usn >= session.clientUSN }

  private func stagedKey(_ stage: Stage, _ object: Text) -> StagedKey {
    StagedKey(session: session.number, kind: stage.rawValue, object: object)
  }
}
