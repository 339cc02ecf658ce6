public import SyncCore

extension Wire {
  /// Reads the header `anki-sync`; all four keys must be there (sync-protocol.md 2.3).
  public static func syncHeader(
    _ text: String
  ) throws(SyncError) -> (version: Int64, hostKey: String, client: String, session: String) {
    let header = try object(text.utf8, "anki-sync")
    return (
      try header.required("v", \.int), try header.required("k", \.string), try header.required("c", \.string),
      try header.required("s", \.string)
    )
  }

  /// Reads the body of `hostKey` (sync-protocol.md 6.1).
  public static func hostKey(_ bytes: some Collection<UInt8>) throws(SyncError) -> (user: String, password: String) {
    let request = try object(bytes, "hostKey")
    return (try request.required("u", \.string), try request.required("p", \.string))
  }

  /// Reads the body of `meta` (sync-protocol.md 6.2).
  public static func meta(_ bytes: some Collection<UInt8>) throws(SyncError) -> (version: Int64, client: String) {
    let request = try object(bytes, "meta")
    return (try request.required("v", \.int), try request.required("cv", \.string))
  }

  /// Reads the body of `start` (sync-protocol.md 6.3).
  public static func startRequest(_ bytes: some Collection<UInt8>) throws -> StartRequest {
    try reading(bytes, "start") { request in
      let found = try request.members(["minUsn", "lnewer", "graves"], "start")
      // A number that no client counts to must not pass for a client from the future (H-6).
      guard let minUSN = try found[0]?.value().int, (0...Int64(Int32.max)).contains(minUSN),
        let clientIsNewer = try found[1]?.value().bool
      else {
        throw refusal("start")
      }
      return StartRequest(minUSN: minUSN, clientIsNewer: clientIsNewer, graves: try graves(found[2], "start"))
    }
  }

  /// Reads the body of `applyGraves` (sync-protocol.md 6.4).
  public static func graves(_ bytes: some Collection<UInt8>) throws -> Graves {
    try reading(bytes, "applyGraves") { request in
      try graves(try request.members(["chunk"], "applyGraves")[0], "applyGraves")
    }
  }

  /// Lists may be missing or null, and so may all of it (sync-protocol.md 13, trap 41).
  private static func graves(_ reader: JSONReader?, _ place: StaticString) throws -> Graves {
    guard let reader, try !reader.isNull() else { return Graves() }
    let lists = try reader.members(["cards", "decks", "notes"], place)
    return Graves(cards: try ids(lists[0], place), decks: try ids(lists[1], place), notes: try ids(lists[2], place))
  }

  /// Old clients write ids as strings.
  private static func ids(_ reader: JSONReader?, _ place: StaticString) throws -> [Int64] {
    guard let reader, try !reader.isNull() else { return [] }
    var ids: [Int64] = []
    let isList = try reader.forEachElement { value in
      guard let id = value.intOrDecimal else { throw refusal(place) }
      ids.append(id)
    }
    guard isList else { throw refusal(place) }
    return ids
  }

  /// Reads the body of `sanityCheck2` (sync-protocol.md 6.8).
  public static func sanity(_ bytes: some Collection<UInt8>) throws(SyncError) -> SanityRequest {
    try object(bytes, "sanityCheck2").required("client") { SanityRequest(client: $0) }
  }
}
