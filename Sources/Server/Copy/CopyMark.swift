import SyncCore

/// The mark of storage that a copy is being made into: a row among the names of the accounts that no user can have,
/// since names hold no control characters. It goes last, when everything has been compared.
struct CopyMark: Sendable {
  /// No text but the empty one comes before it.
  fileprivate static let beginning = "\u{1}copy of "
  let name: Text

  /// - Parameter source: says where the copy comes from; another source may not go on with it.
  init(of source: String) { name = Text(Self.beginning + sha256Hex(source)) }
}

extension RowReader {
  /// The mark of the copy that is not complete, if there is one. Asked of `.accounts`.
  func copyMark() throws -> Text? {
    let next = try fetch(AccountName.self, .page(after: Text(), limit: 1)).first?.name
    return next.flatMap { $0.utf8.starts(with: CopyMark.beginning.utf8) ? $0 : nil }
  }
}
