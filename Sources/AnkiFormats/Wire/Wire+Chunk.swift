public import SyncCore

extension Wire {
  /// Reads the body of `applyChunk` (sync-protocol.md 6.7) and hands its rows to `body` in batches of at most `limit`:
  /// first the reviews, then the cards, then the notes, in whatever order they stand in the text. An empty chunk gives
  /// no batch.
  public static func forEachBatch(
    inChunk bytes: UnsafeBufferPointer<UInt8>, limit: Int, body: (Chunk) throws -> Void
  ) throws {
    try reading(bytes, "applyChunk") { request in
      guard let chunk = try request.members(["chunk"], "applyChunk")[0] else { throw refusal("applyChunk") }
      let lists = try chunk.members(["revlog", "cards", "notes"], "applyChunk")
      var batch = Chunk()
      func flush(_ atLeast: Int) throws {
        guard batch.count >= atLeast else { return }
        try body(batch)
        batch = Chunk()
      }
      try forEachRow(of: lists[0]) {
        batch.reviews.append($0)
        try flush(limit)
      }
      try forEachRow(of: lists[1]) {
        batch.cards.append($0)
        try flush(limit)
      }
      try forEachRow(of: lists[2]) {
        batch.notes.append($0)
        try flush(limit)
      }
      try flush(1)
    }
  }

  /// A list that is missing or null is empty.
  private static func forEachRow<R: RowTuple>(of list: JSONReader?, _ body: (R) throws -> Void) throws {
    guard let list, try !list.isNull() else { return }
    let isList = try list.forEachElement { try body(R(tuple: $0)) }
    guard isList else { throw refusal(R.noun) }
  }

  /// Writes the answer to `chunk` (sync-protocol.md 6.6): empty lists are left out, `done` never.
  public static func encode(_ chunk: Chunk) throws -> [UInt8] {
    var writer = JSONWriter()
    writer.append(raw: chunk.done ? "{\"done\":true" : "{\"done\":false")
    try append(chunk.reviews, under: ",\"revlog\":", to: &writer)
    try append(chunk.cards, under: ",\"cards\":", to: &writer)
    try append(chunk.notes, under: ",\"notes\":", to: &writer)
    writer.append(raw: "}")
    return writer.bytes
  }

  private static func append(_ rows: [some RowTuple], under key: StaticString, to writer: inout JSONWriter) throws {
    guard !rows.isEmpty else { return }
    writer.append(raw: key)
    try writer.append(list: rows) { try $1.append(to: &$0) }
  }
}
