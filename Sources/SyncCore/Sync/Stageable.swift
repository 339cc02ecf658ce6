/// A row that a sync session stages before `finish` writes it (DESIGN, "A sync").
protocol Stageable: Row where Key: StageableKey {
  static var stage: Stage { get }
}

/// The tables that a session stages, in the order in which `finish` writes them.
enum Stage: Int64, CaseIterable, Sendable {
  case card, note, deck, review, notetype, deckConfig, tag, config, grave, field, template

  /// What the collection counts under; fields and templates are counted with their notetype.
  var kind: ObjectKind? { ObjectKind(rawValue: rawValue) }
}

/// A key that can be written as a text and read back.
protocol StageableKey: RowKey {
  var staged: Text { get }
  init?(staged: Text)
}

extension Int64: StageableKey {
  var staged: Text { Text(String(self)) }
  init?(staged: Text) { self.init(staged.string) }
}

extension Text: StageableKey {
  var staged: Text { self }
  init?(staged: Text) { self = staged }
}

extension PairKey: StageableKey {
  var staged: Text { Text("\(first):\(second)") }
  init?(staged: Text) {
    let parts = staged.string.split(separator: ":", maxSplits: 1)
    guard parts.count == 2, let first = Int64(parts[0]), let second = Int64(parts[1]) else { return nil }
    self.init(first, second)
  }
}

extension Card: Stageable { static var stage: Stage { .card } }
extension Note: Stageable { static var stage: Stage { .note } }
extension Deck: Stageable { static var stage: Stage { .deck } }
extension Review: Stageable { static var stage: Stage { .review } }
extension Notetype: Stageable { static var stage: Stage { .notetype } }
extension DeckConfig: Stageable { static var stage: Stage { .deckConfig } }
extension Tag: Stageable { static var stage: Stage { .tag } }
extension ConfigEntry: Stageable { static var stage: Stage { .config } }
extension Grave: Stageable { static var stage: Stage { .grave } }
extension Field: Stageable { static var stage: Stage { .field } }
extension Template: Stageable { static var stage: Stage { .template } }
