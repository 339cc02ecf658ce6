import Foundation
public import SyncCore

extension Legacy {
  /// Reads a deck (collection-format.md 6.1). Its name is normalised (derived-values.md 4).
  /// - Throws: `invalid`, naming the key.
  public static func deck(from object: JSONObject) throws(SyncError) -> Deck {
    let reader = ObjectReader(object, "deck")
    var deck = Deck()
    deck.id = try reader.required("id", \.intOrDecimal)
    guard deck.id != 0 else { throw reader.refusal("id") }
    deck.mtime = try reader.optional("mod", 0, \.intOrDecimal)
    deck.usn = try reader.required("usn", \.int)
    deck.name = DeckName.native(fromHuman: try reader.required("name", \.string))
    let isFiltered = try reader.required("dyn") { $0.bool ?? $0.double.map { $0 == 1 } }
    var common = try studied(reader)
    common.studyCollapsed = try reader.required("collapsed", \.bool)
    common.browserCollapsed = try reader.optional("browserCollapsed", false, \.bool)
    var other = object.without(DeckKeys.common.union(isFiltered ? DeckKeys.filtered : DeckKeys.normal))
    var kind = ProtoDeckKind()
    if isFiltered {
      kind.filtered = try filteredDeck(reader)
      other.fill(from: unfilteredKeys(of: object))
    } else {
      kind.normal = try normalDeck(reader)
    }
    common.other = Data(other.otherBytes)
    deck.common = try Blobs.encode(common)
    deck.kind = try Blobs.encode(kind)
    return deck
  }

  /// What a filtered deck has no field for: kept like an unknown key, where it says something.
  private static func unfilteredKeys(of object: JSONObject) -> JSONObject {
    var kept = JSONObject()
    if let text = object["desc"]?.string, !text.isEmpty { kept["desc"] = .string(text) }
    if let separate = object["separate"], separate != .bool(true) { kept["separate"] = separate }
    return kept
  }

  /// Four amounts, each with its day, become four amounts of one day.
  private static func studied(_ reader: ObjectReader) throws(SyncError) -> ProtoDeckCommon {
    let learned = try reader.required("lrnToday", dayAndAmount)
    let reviewed = try reader.required("revToday", dayAndAmount)
    let new = try reader.required("newToday", dayAndAmount)
    let time = try reader.required("timeToday", dayAndAmount)
    let day = max(time.day, new.day, reviewed.day)
    var common = ProtoDeckCommon()
    common.lastDayStudied = UInt32(clamping: day)
    common.learningStudied = learned.day == day ? learned.amount : 0
    common.reviewStudied = reviewed.day == day ? reviewed.amount : 0
    common.newStudied = new.day == day ? new.amount : 0
    common.millisecondsStudied = time.amount
    return common
  }

  private static func dayAndAmount(_ value: JSONValue) -> (day: Int64, amount: Int32)? {
    guard let array = value.array else { return nil }
    return (array.dropLast().last?.int ?? 0, array.last?.clampedInt32 ?? 0)
  }

  private static func normalDeck(_ reader: ObjectReader) throws(SyncError) -> ProtoNormalDeck {
    var deck = ProtoNormalDeck()
    deck.configID = try reader.required("conf", \.intOrDecimal)
    deck.description_p = try reader.optional("desc", "", \.string)
    deck.markdownDescription = try reader.optional("md", false, \.bool)
    deck.extendNew = reader.lenient("extendNew", 0, \.clampedUInt32)
    deck.extendReview = reader.lenient("extendRev", 0, \.clampedUInt32)
    if let limit = reader.object["reviewLimit"]?.uint32 { deck.reviewLimit = limit }
    if let limit = reader.object["newLimit"]?.uint32 { deck.newLimit = limit }
    if let limit = reader.object["reviewLimitToday"].flatMap(dayLimit) { deck.reviewLimitToday = limit }
    if let limit = reader.object["newLimitToday"].flatMap(dayLimit) { deck.newLimitToday = limit }
    if let percent = reader.object["desiredRetention"]?.uint32 { deck.desiredRetention = Float(percent) / 100 }
    return deck
  }

  private static func dayLimit(_ value: JSONValue) -> ProtoDayLimit? {
    let parts = value.object.map { [$0["limit"], $0["today"]] } ?? value.array ?? []
    let numbers = parts.compactMap { $0?.uint32 }
    guard parts.count == 2, numbers.count == 2 else { return nil }
    var limit = ProtoDayLimit()
    (limit.limit, limit.today) = (numbers[0], numbers[1])
    return limit
  }

  private static func filteredDeck(_ reader: ObjectReader) throws(SyncError) -> ProtoFilteredDeck {
    var deck = ProtoFilteredDeck()
    deck.reschedule = try reader.required("resched", \.anyBool)
    deck.searchTerms = try reader.required("terms", searchTerms)
    deck.delays = reader.lenient("delays", [], \.floats)
    deck.previewDelay = try reader.optional("previewDelay", 0, \.clampedUInt32)
    deck.previewAgainSecs = try reader.optional("previewAgainSecs", 0, \.clampedUInt32)
    deck.previewHardSecs = try reader.optional("previewHardSecs", 0, \.clampedUInt32)
    deck.previewGoodSecs = try reader.optional("previewGoodSecs", 0, \.clampedUInt32)
    return deck
  }

  private static func searchTerms(_ value: JSONValue) -> [ProtoSearchTerm]? {
    guard let array = value.array else { return nil }
    let terms = array.compactMap(searchTerm)
    return terms.count == array.count ? terms : nil
  }

  private static func searchTerm(_ value: JSONValue) -> ProtoSearchTerm? {
    guard let parts = value.array, parts.count == 3, let search = parts[0].string, let limit = parts[1].intOrDecimal,
      let order = parts[2].clampedInt32
    else { return nil }
    var term = ProtoSearchTerm()
    (term.search, term.limit, term.order) = (search, UInt32(clamping: limit), order)
    return term
  }
}

/// The keys that a deck's messages have fields for.
private enum DeckKeys {
  static let common: Set<Text> = [
    "id", "mod", "name", "usn", "lrnToday", "revToday", "newToday", "timeToday", "collapsed", "browserCollapsed",
    "desc", "md", "dyn", "return",
  ]
  static let normal: Set<Text> = [
    "conf", "extendNew", "extendRev", "reviewLimit", "newLimit", "reviewLimitToday", "newLimitToday",
    "desiredRetention",
  ]
  static let filtered: Set<Text> = [
    "resched", "terms", "separate", "delays", "previewDelay", "previewAgainSecs", "previewHardSecs",
    "previewGoodSecs",
  ]
}
