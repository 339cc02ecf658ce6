import SQLiteFile
import SyncCore

/// Reads a file's objects: from tables, or from the JSON texts of `col`, depending on its version.
struct ObjectSource {
  let file: UploadedFile
  /// Bytes that may still be read, of so many.
  var room: Int
  let limit: Int

  mutating func deckConfigs() throws -> [DeckConfig] {
    switch file.version {
    case 11:
      return try legacy("dconf") { id, object in
        var object = object
        // The key wins over the id inside (collection-format.md 6.2).
        object["id"] = .int(id)
        return try Legacy.deckConfig(from: object)
      }
    case 14:
      return try rows(DeckConfig.self).map { row in
        var config = try Legacy.deckConfig(from: Self.object(row.config))
        (config.id, config.name, config.mtime, config.usn) = (row.id, row.name, row.mtime, row.usn)
        return config
      }
    case 15:
      return try rows(DeckConfig.self).map { row in
        var config = row
        // Version 15 has 250 for an ease of 2.5 (collection-format.md 9.3).
        try Blobs.setInitialEase(try Blobs.initialEase(of: row) / 100, of: &config)
        return config
      }
    default:
      return try rows(DeckConfig.self)
    }
  }

  mutating func decks() throws -> [Deck] {
    guard file.version < 15 else { return try rows(Deck.self) }
    return try legacy("decks") { _, object in
      var deck = try Legacy.deck(from: object)
      // As the file has it, so that a change of the name is noticed.
      let name = (object["name"]?.string ?? "").replacing("\u{1F}", with: "")
      deck.name = Text(name.replacing("::", with: "\u{1F}"))
      return deck
    }
  }

  mutating func notetypes() throws -> [NotetypeBundle] {
    guard file.version < 15 else { return try bundles() }
    return try legacy("models") { id, object in
      var object = object
      // Clients refuse 0 (collection-format.md 9.1). All other ids are times or chosen at random, so 1 is free.
      if object["id"]?.intOrDecimal == 0 { object["id"] = .int(id == 0 ? 1 : id) }
      return try Legacy.notetype(from: object)
    }
  }

  mutating func tags() throws -> [Tag] {
    var known: Set<Text> = []
    var tags: [Tag] = []
    if file.version == 11 {
      tags = Legacy.tags(from: try texts("tags"))
    } else {
      let more = file.version >= 17 ? "collapsed, config" : "1, NULL"
      try table("SELECT tag, usn, \(more) FROM tags") { row in
        var tag = Tag(row.edgeText(0), usn: row.integer(1), collapsed: row.integer(2) != 0)
        tag.config = row.blob(3)
        tags.append(tag)
      }
    }
    return tags.filter { known.insert($0.folded).inserted }.sorted { $0.folded < $1.folded }
  }

  /// The `usn` and `mtime` of keys mean nothing and differ between versions (collection-format.md 7), so both are 0.
  mutating func config() throws -> [ConfigEntry] {
    guard file.version >= 14 else { return Legacy.config(from: try texts("conf")) }
    var members: [JSONObject.Member] = []
    try table("SELECT KEY, val FROM config ORDER BY KEY") { row in
      members.append(JSONObject.Member(row.edgeText(0).string, try JSONValue(parsing: row.blob(1))))
    }
    return Legacy.config(from: JSONObject(members))
  }

  // MARK: Tables

  private mutating func bundles() throws -> [NotetypeBundle] {
    let fields = Dictionary(grouping: try rows(Field.self), by: \.ntid)
    let templates = Dictionary(grouping: try rows(Template.self), by: \.ntid)
    return try rows(Notetype.self).map { notetype in
      NotetypeBundle(notetype, fields: fields[notetype.id] ?? [], templates: templates[notetype.id] ?? [])
    }
  }

  private mutating func rows<R: Row>(_ type: R.Type) throws -> [R] {
    var rows: [R] = []
    var order = KeyOrder<R>()
    try table(R.selectInKeyOrder) { statement in
      let row = try FileRow.read(type, statement)
      try order.check(row.key)
      rows.append(row)
    }
    return rows
  }

  private mutating func table(_ sql: String, _ body: (Statement) throws -> Void) throws {
    try file.rows(sql) { statement in
      // A row costs more than its bytes.
      try take(statement.payload + 100)
      try body(statement)
    }
  }

  // MARK: JSON texts

  /// The objects of a JSON text of `col`, whose keys are ids, in order of the ids that they have in the end.
  private mutating func legacy<R>(_ column: String, _ read: (Int64, JSONObject) throws -> R) throws -> [R]
  where R: LegacyObject {
    var rows: [Int64: R] = [:]
    for member in try texts(column).members {
      guard let object = member.value.object else { throw CollectionFault.damaged("no object in \(column)") }
      let row = try read(Int64(member.key) ?? 0, object)
      rows[row.legacyID] = row
    }
    return rows.values.sorted { $0.legacyID < $1.legacyID }
  }

  private mutating func texts(_ column: String) throws -> JSONObject {
    var text = Text()
    try table("SELECT \(column) FROM col") { text = $0.text(0) }
    return try Self.object(Array(text.utf8))
  }

  private static func object(_ bytes: [UInt8]) throws -> JSONObject {
    guard let object = try JSONValue(parsing: bytes).object else { throw CollectionFault.damaged("no JSON object") }
    return object
  }

  private mutating func take(_ bytes: Int) throws {
    room -= bytes
    guard room >= 0 else { throw CollectionFault.tooLarge("decks, options, note types and tags", limit: limit) }
  }
}

/// What a JSON text of `col` holds.
protocol LegacyObject { var legacyID: Int64 { get } }
extension Deck: LegacyObject { var legacyID: Int64 { id } }
extension DeckConfig: LegacyObject { var legacyID: Int64 { id } }
extension NotetypeBundle: LegacyObject { var legacyID: Int64 { notetype.id } }
