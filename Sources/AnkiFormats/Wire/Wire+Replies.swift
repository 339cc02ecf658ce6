public import SyncCore

extension Wire {
  public static func encode(hostKey key: String) -> [UInt8] { bytes(["key": .string(key)]) }

  public static func encode(_ reply: MetaReply) -> [UInt8] {
    bytes([
      "mod": .int(reply.mod),
      "scm": .int(reply.scm),
      "usn": .int(reply.usn),
      "ts": .int(reply.now),
      "msg": .string(reply.message),
      "cont": .bool(reply.mayContinue),
      "hostNum": .int(0),
      "empty": .bool(reply.isEmpty),
      "media_usn": .int(reply.mediaUSN),
    ])
  }

  public static func encode(_ graves: Graves) -> [UInt8] {
    var writer = JSONWriter()
    writer.append(raw: "{\"cards\":")
    writer.append(list: graves.cards) { $0.append($1) }
    writer.append(raw: ",\"decks\":")
    writer.append(list: graves.decks) { $0.append($1) }
    writer.append(raw: ",\"notes\":")
    writer.append(list: graves.notes) { $0.append($1) }
    writer.append(raw: "}")
    return writer.bytes
  }

  public static func encode(_ outcome: SyncCall.Sanity, to request: SanityRequest) -> [UInt8] {
    encode(isOK: outcome.isOK, outcome.server, to: request)
  }

  public static func encode(isOK: Bool, _ server: SanityCounts, to request: SanityRequest) -> [UInt8] {
    let zero = JSONValue.int(0)
    return bytes([
      "status": .string(isOK ? "ok" : "bad"),
      "c": request.echo,
      "s": .array([
        .array([zero, zero, zero]), .int(server.cards), .int(server.notes), .int(server.reviews), zero,
        .int(server.notetypes), .int(server.decks), .int(server.deckConfigs),
      ]),
    ])
  }

  /// - Parameter mod: the collection's new stamp; nothing else may stand there (sync-protocol.md 4).
  public static func encode(finish mod: Int64) -> [UInt8] { JSONWriter.bytes(of: .int(mod)) }

  private static func bytes(_ object: JSONObject) -> [UInt8] { JSONWriter.bytes(of: .object(object)) }
}
