import AnkiFormats
import SyncCore
import Testing

@Suite("legacy JSON of a real client")
struct LegacyRoundTripTests {
  let captured: Captured

  init() throws { captured = try Captured() }

  @Test("decks come back equal, unknown keys included")
  func decks() throws {
    let objects = try captured.objects("decks")
    #expect(objects.count == 4)
    for object in objects {
      let back = try Legacy.json(of: Legacy.deck(from: object))
      #expect(back == object)
    }
  }

  @Test("deck options come back equal, unknown keys at every level included")
  func deckConfigs() throws {
    let objects = try captured.objects("dconf")
    #expect(objects.count == 2)
    for object in objects {
      let back = try Legacy.json(of: Legacy.deckConfig(from: object))
      #expect(back == object)
    }
  }

  @Test("notetypes come back equal, unknown keys at every level included")
  func notetypes() throws {
    let objects = try captured.objects("models")
    #expect(objects.count == 1)
    for object in objects {
      let back = try Legacy.json(of: Legacy.notetype(from: object))
      #expect(back == object)
    }
  }

  @Test("the client's own messages give the client's own JSON")
  func clientBlobs() throws {
    let decks = try captured.text("decks")
    for deck in try captured.decks() { #expect(try .object(Legacy.json(of: deck)) == decks["\(deck.id)"]) }
    let configs = try captured.text("dconf")
    for config in try captured.deckConfigs() {
      #expect(try .object(Legacy.json(of: config)) == configs["\(config.id)"])
    }
    let notetypes = try captured.text("models")
    for bundle in try captured.notetypes() {
      #expect(try .object(Legacy.json(of: bundle)) == notetypes["\(bundle.notetype.id)"])
    }
  }

  @Test("the client's own JSON gives the client's own rows, where no unknown keys are")
  func clientRows() throws {
    let deck = try #require(try captured.decks().first { $0.id == 1 })
    #expect(try Legacy.deck(from: captured.object("decks", named: "Default")) == deck)
    let config = try #require(try captured.deckConfigs().first { $0.id == 1 })
    #expect(try Legacy.deckConfig(from: captured.object("dconf", named: "Default")) == config)
    let bundle = try #require(try captured.notetypes().first)
    let ours = try Legacy.notetype(from: captured.object("models", named: "Own"))
    #expect(ours.fields[1] == bundle.fields[1])
    #expect(ours.fields.map(\.name) == bundle.fields.map(\.name))
    #expect(ours.notetype.mtime == bundle.notetype.mtime)
  }

  @Test("the components of a deck's name are joined by U+001F in rows")
  func deckName() throws {
    let object = try captured.object("decks", named: "Top::Sub deck é")
    #expect(try Legacy.deck(from: object).name == "Top\u{1F}Sub deck é")
  }

  @Test("the configuration comes back equal, and its values are those of the client's own table")
  func config() throws {
    let object = try captured.text("conf")
    let entries = Legacy.config(from: object)
    #expect(try Legacy.json(of: entries) == object)
    let table = try captured.config()
    #expect(entries.count == table.members.count)
    for entry in entries {
      let value = try #require(table[entry.name.string]?.string)
      #expect(try JSONValue(parsing: entry.value.utf8) == JSONValue(parsing: value.utf8))
    }
  }

  @Test("a configuration whose value is not JSON is refused")
  func brokenConfig() {
    #expect(throws: SyncError.self) { try Legacy.json(of: [ConfigEntry("a", "{")]) }
  }

  @Test("tags come back with their usn")
  func tags() throws {
    let object = try captured.text("tags")
    let tags = Legacy.tags(from: object)
    #expect(tags.map(\.usn) == [-1, -1])
    #expect(tags.map(\.collapsed) == [true, true])
    #expect(Legacy.json(of: tags) == object)
  }
}
