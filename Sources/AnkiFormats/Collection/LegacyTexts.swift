import SyncCore

/// The five JSON texts of `col` (collection-format.md 6.5); empty in schema 18.
struct LegacyTexts {
  /// `conf`, `models`, `decks`, `dconf`, `tags`.
  private(set) var inOrder = [Text](repeating: Text(), count: 5)

  init() {}

  init(_ objects: CollectionObjects) throws {
    inOrder = [
      Self.text(try Legacy.json(of: objects.config)),
      try Self.byID(objects.notetypes.map { ($0.notetype.id, try Legacy.json(of: $0)) }),
      try Self.byID(objects.decks.map { ($0.id, try Legacy.json(of: $0)) }),
      try Self.byID(objects.deckConfigs.map { ($0.id, try Legacy.json(of: $0)) }),
      Self.text(Legacy.json(of: objects.tags)),
    ]
  }

  private static func byID(_ objects: [(Int64, JSONObject)]) throws -> Text {
    text(JSONObject(objects.map { JSONObject.Member(String($0.0), .object($0.1)) }))
  }

  private static func text(_ object: JSONObject) -> Text {
    Text(String(decoding: JSONWriter.bytes(of: .object(object)), as: UTF8.self))
  }
}
