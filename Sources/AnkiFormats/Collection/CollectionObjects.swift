import SQLiteFile
import SyncCore

/// Everything of a collection but notes, cards and reviews: few rows, held in memory while their names are looked at.
struct CollectionObjects {
  /// In order of id.
  var decks: [Deck] = []
  var deckConfigs: [DeckConfig] = []
  var notetypes: [NotetypeBundle] = []
  var tags: [Tag] = []
  var config: [ConfigEntry] = []

  /// Reads them out of wherever the file's version keeps them (collection-format.md 9.3).
  init(file: UploadedFile, limits: CollectionLimits) throws {
    var source = ObjectSource(file: file, room: limits.objectBytes, limit: limits.objectBytes)
    deckConfigs = try source.deckConfigs()
    decks = try source.decks()
    notetypes = try source.notetypes()
    tags = try source.tags()
    config = try source.config()
    try check()
    normalise()
  }

  /// Reads them out of storage.
  init(_ rows: any RowReader) throws {
    let fields = Dictionary(grouping: try rows.fetch(Field.self, .all), by: \.ntid)
    let templates = Dictionary(grouping: try rows.fetch(Template.self, .all), by: \.ntid)
    notetypes = try rows.fetch(Notetype.self, .all).map { notetype in
      NotetypeBundle(notetype, fields: fields[notetype.id] ?? [], templates: templates[notetype.id] ?? [])
    }
    decks = try rows.fetch(Deck.self, .all)
    deckConfigs = try rows.fetch(DeckConfig.self, .all)
    tags = try rows.fetch(Tag.self, .all)
    config = try rows.fetch(ConfigEntry.self, .all)
  }

  /// The sort field's position, by id of the notetype.
  var sortFields: [Int64: Int] {
    Dictionary(notetypes.map { ($0.notetype.id, Blobs.sortField(of: $0.notetype)) }) { first, _ in first }
  }

  /// Refuses messages that cannot be read: clients would be told to upload again at every sync.
  private func check() throws {
    try decks.forEach(Blobs.check)
    try deckConfigs.forEach(Blobs.check)
    for bundle in notetypes {
      try Blobs.check(bundle.notetype)
      try bundle.fields.forEach(Blobs.check)
      try bundle.templates.forEach(Blobs.check)
    }
  }

  private mutating func normalise() {
    for index in decks.indices { decks[index].usn = CollectionReader.usn(decks[index].usn) }
    for index in deckConfigs.indices { deckConfigs[index].usn = CollectionReader.usn(deckConfigs[index].usn) }
    for index in tags.indices { tags[index].usn = CollectionReader.usn(tags[index].usn) }
    for index in notetypes.indices { notetypes[index].normaliseUSN() }
  }
}

extension NotetypeBundle {
  fileprivate mutating func normaliseUSN() {
    notetype.usn = CollectionReader.usn(notetype.usn)
    for index in templates.indices { templates[index].usn = CollectionReader.usn(templates[index].usn) }
  }
}
