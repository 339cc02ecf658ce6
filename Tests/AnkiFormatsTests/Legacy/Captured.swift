import AnkiFormats
import Foundation
import SyncCore
import Testing

/// What a real client made of one collection: the legacy JSON and the rows of schema 18
/// (`Tests/Fixtures/legacy/make_legacy.py`).
struct Captured {
  private let file: JSONObject

  init() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Fixtures/legacy")
    let bytes = try Array(Data(contentsOf: folder.appending(path: "collection.json")))
    file = try #require(try JSONValue(parsing: bytes).object)
  }

  /// One of the five texts of schema 11.
  func text(_ name: String) throws -> JSONObject {
    let text = try #require(file["schema11"]?.object?[name]?.string)
    return try #require(try JSONValue(parsing: text.utf8).object)
  }

  /// The objects of such a text, without the ids that name them.
  func objects(_ name: String) throws -> [JSONObject] { try text(name).members.compactMap(\.value.object) }

  func object(_ text: String, named name: String) throws -> JSONObject {
    try #require(try objects(text).first { $0["name"] == .string(name) })
  }

  private func rows(_ table: String) throws -> [[JSONValue]] {
    try #require(file["schema18"]?.object?[table]?.array).compactMap(\.array)
  }

  func decks() throws -> [Deck] {
    try rows("decks").map { row in
      var deck = Deck()
      (deck.id, deck.name) = (row[0].int ?? 0, Text(row[1].string ?? ""))
      (deck.mtime, deck.usn) = (row[2].int ?? 0, row[3].int ?? 0)
      (deck.common, deck.kind) = (row[4].hex, row[5].hex)
      return deck
    }
  }

  func deckConfigs() throws -> [DeckConfig] {
    try rows("deck_config").map { row in
      var config = DeckConfig()
      (config.id, config.name) = (row[0].int ?? 0, Text(row[1].string ?? ""))
      (config.mtime, config.usn, config.config) = (row[2].int ?? 0, row[3].int ?? 0, row[4].hex)
      return config
    }
  }

  func notetypes() throws -> [NotetypeBundle] {
    let fields = try rows("fields").map { row in
      var field = Field()
      (field.ntid, field.ord) = (row[0].int ?? 0, row[1].int ?? 0)
      (field.name, field.config) = (Text(row[2].string ?? ""), row[3].hex)
      return field
    }
    let templates = try rows("templates").map { row in
      var template = Template()
      (template.ntid, template.ord) = (row[0].int ?? 0, row[1].int ?? 0)
      (template.name, template.config) = (Text(row[2].string ?? ""), row[3].hex)
      return template
    }
    return try rows("notetypes").map { row in
      var notetype = Notetype()
      (notetype.id, notetype.name) = (row[0].int ?? 0, Text(row[1].string ?? ""))
      (notetype.mtime, notetype.usn, notetype.config) = (row[2].int ?? 0, row[3].int ?? 0, row[4].hex)
      return NotetypeBundle(
        notetype, fields: fields.filter { $0.ntid == notetype.id },
        templates: templates.filter { $0.ntid == notetype.id })
    }
  }

  func config() throws -> JSONObject { try #require(file["schema18"]?.object?["config"]?.object) }
}

extension JSONValue {
  fileprivate var hex: [UInt8] {
    let digits = Array((string ?? "").utf8)
    return stride(from: 0, to: digits.count - 1, by: 2).map { index in
      UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16) ?? 0
    }
  }
}
