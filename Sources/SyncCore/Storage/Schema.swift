/// One namespace of tables: what a transaction covers (DESIGN, "Schemas"). Named by numbers, never by a user's text.
public enum Schema: Hashable, Sendable, CustomStringConvertible {
  /// Accounts and host keys; one per installation.
  case accounts
  /// What outlives a full upload of this user.
  case user(Int64)
  /// One generation of a user's collection.
  case collection(user: Int64, generation: Int64)

  public var kind: Kind {
    switch self {
    case .accounts: .accounts
    case .user: .user
    case .collection: .collection
    }
  }

  public var description: String {
    switch self {
    case .accounts: "accounts"
    case .user(let id): "user \(id)"
    case .collection(let user, let generation): "collection \(user).\(generation)"
    }
  }

  /// What a schema is for decides its tables.
  public enum Kind: String, Sendable, CaseIterable {
    case accounts, user, collection

    /// Every table of a schema of this kind.
    public var tables: [Table] { rows.map { $0.table } }

    /// What most transactions on such a schema ask for first: the rows with the key 1 of these tables. An engine that
    /// is far away may fetch them as it begins one.
    public func heads(isWriting: Bool) -> [any Row.Type] {
      switch self {
      case .accounts: []
      case .user: [User.self]
      case .collection: isWriting ? [Col.self, Session.self] : [Col.self]
      }
    }

    public var rows: [any Row.Type] {
      switch self {
      case .accounts: [Account.self, AccountName.self, HostKey.self, LoginFailures.self]
      case .user:
        [
          User.self, Generation.self, GenerationPart.self, SyncOutcome.self, MediaEntry.self, Blob.self, BlobPiece.self,
        ]
      case .collection:
        [
          Col.self, Note.self, Card.self, Review.self, Grave.self, Deck.self, DeckConfig.self, Notetype.self,
          Field.self, Template.self, Tag.self, ConfigEntry.self, Session.self, Staged.self,
        ]
      }
    }
  }
}
