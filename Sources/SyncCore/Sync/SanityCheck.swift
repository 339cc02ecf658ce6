extension SyncCall {
  public struct Sanity: Sendable, Equatable {
    public let isOK: Bool
    public let server: SanityCounts
  }

  /// Compares the client's counts with those of the session (sync-protocol.md 6.8). A difference ends the session.
  /// - Parameter client: nil where the client says that its own check has failed.
  public func sanityCheck(_ client: SanityCounts?) throws -> Sanity {
    var staging = try running()
    var server = SanityCounts()
    server.cards = staging.count(.card)
    server.notes = staging.count(.note)
    server.reviews = staging.count(.review)
    server.notetypes = staging.count(.notetype)
    server.decks = staging.count(.deck)
    server.deckConfigs = staging.count(.deckConfig)
    staging.session.isSane = client == server
    if staging.session.isSane {
      try staging.save()
    } else {
      try end(staging.session)
    }
    return Sanity(isOK: staging.session.isSane, server: server)
  }
}
