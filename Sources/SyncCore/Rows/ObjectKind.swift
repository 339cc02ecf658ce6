/// The kinds of object a collection is made of. The raw values of the first three are those of a grave's `type`.
public enum ObjectKind: Int64, Sendable, CaseIterable {
  case card = 0
  case note = 1
  case deck = 2
  case review = 3
  case notetype = 4
  case deckConfig = 5
  case tag = 6
  case config = 7
  case grave = 8
}

/// A row that remembers at which sync it last changed on the server.
public protocol ChangeTracked: Row {
  /// The collection's `usn` when the row last changed here.
  var usn: Int64 { get set }
}
