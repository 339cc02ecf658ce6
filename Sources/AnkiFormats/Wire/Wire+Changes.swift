public import SyncCore

extension Wire {
  /// Reads the body of `applyChanges` (sync-protocol.md 6.5).
  public static func changes(_ bytes: some Collection<UInt8>) throws -> Changes {
    try reading(bytes, "applyChanges") { request in
      guard let reader = try request.members(["changes"], "applyChanges")[0] else { throw refusal("applyChanges") }
      return try changes(reader)
    }
  }

  private static func changes(_ reader: JSONReader) throws -> Changes {
    let found = try reader.members(["models", "decks", "tags", "conf", "crt"], "changes")
    var changes = Changes()
    try each(found[0], "models") { changes.notetypes.append(try Legacy.notetype(from: $0)) }
    guard let lists = try found[1]?.elements(atMost: 2), lists.count == 2 else { throw refusal("changes: decks") }
    try each(lists[0], "decks") { changes.decks.append(try Legacy.deck(from: $0)) }
    try each(lists[1], "deck options") { changes.deckConfigs.append(try Legacy.deckConfig(from: $0)) }
    let hasTags = try found[2]?.forEachElement { value in
      guard let name = value.string else { throw refusal("changes: tags") }
      changes.tags.append(Text(name))
    }
    guard hasTags == true else { throw refusal("changes: tags") }
    // Absent from the older side; some clients would write null for that (sync-protocol.md 13, trap 4).
    if let conf = found[3], try !conf.isNull() {
      guard let object = try conf.value().object else { throw refusal("changes: conf") }
      changes.config = Legacy.config(from: object)
    }
    if let crt = found[4], try !crt.isNull() {
      guard let seconds = try crt.value().int else { throw refusal("changes: crt") }
      changes.crt = seconds
    }
    return changes
  }

  /// A list of objects, which must be there.
  private static func each(
    _ reader: JSONReader?, _ place: StaticString, _ body: (JSONObject) throws -> Void
  ) throws {
    let isList = try reader?.forEachElement { value in
      guard let object = value.object else { throw refusal(place) }
      try body(object)
    }
    guard isList == true else { throw refusal(place) }
  }

  /// Writes the answer to `applyChanges`; the configuration and the creation stamp go together or not at all.
  /// - Throws: `invalid` where a stored message cannot be read.
  public static func encode(_ changes: Changes) throws(SyncError) -> [UInt8] {
    var writer = JSONWriter()
    writer.append(raw: "{\"models\":")
    try writer.append(changes.notetypes) { bundle throws(SyncError) in try Legacy.json(of: bundle) }
    writer.append(raw: ",\"decks\":[")
    try writer.append(changes.decks) { deck throws(SyncError) in try Legacy.json(of: deck) }
    writer.append(raw: ",")
    try writer.append(changes.deckConfigs) { config throws(SyncError) in try Legacy.json(of: config) }
    writer.append(raw: "],\"tags\":")
    writer.append(list: changes.tags) { $0.append($1.string) }
    if let config = changes.config, let crt = changes.crt {
      writer.append(raw: ",\"conf\":")
      writer.append(try Legacy.json(of: config))
      writer.append(raw: ",\"crt\":")
      writer.append(crt)
    }
    writer.append(raw: "}")
    return writer.bytes
  }
}

extension JSONWriter {
  fileprivate mutating func append<Row>(
    _ rows: [Row], _ json: (Row) throws(SyncError) -> JSONObject
  ) throws(SyncError) {
    append(raw: "[")
    for (index, row) in rows.enumerated() {
      if index > 0 { append(raw: ",") }
      append(try json(row))
    }
    append(raw: "]")
  }
}
