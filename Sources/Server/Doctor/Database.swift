import SyncCore

/// A database that the settings name, as a patient.
struct Database: Sendable {
  /// What it is called among the findings.
  let title: String
  /// Milliseconds since 1970.
  let now: @Sendable () -> Int64
  /// Nil where it could not be opened.
  var backend: (any Backend)?
  /// Why not.
  var failure: String?
  var isWithinProcess = false

  static let checks: [Check<Database>] = [
    Check("database") { database in
      guard let backend = database.backend else { return [database.absence] }
      let known = try await (backend as? any Examinable)?.examine(now: database.now) ?? []
      return (known + [await database.trial(backend)]).of(database.title)
    }
  ]

  private var absence: Finding {
    if let failure { return Finding(.fail, title, failure) }
    return Finding(
      .warn, title, "in the memory of the serving process: it is gone when that ends, and cannot be looked at",
      advice: "choose another engine, such as \(Backends.standard)")
  }

  /// Does what a server does all day, in a schema of a user that there never is.
  private func trial(_ backend: any Backend) async -> Finding {
    let schema = Schema.collection(user: 0, generation: now())
    let deck = Deck()
    do {
      try await backend.load(schema) { try $0.append([Col()]) }
      try await backend.write(schema, .acknowledged) { try $0.upsert([deck]) }
      let decks = try await backend.read(schema) { try $0.fetch(Deck.self, .all) }
      try await backend.drop(schema)
      guard decks == [deck] else { return Finding(.fail, "trial", "what was written is not what is read") }
      return .ok("trial", "a schema was made, written, read and dropped")
    } catch {
      try? await backend.drop(schema)
      return Finding(.fail, "trial", "\(error)")
    }
  }
}
