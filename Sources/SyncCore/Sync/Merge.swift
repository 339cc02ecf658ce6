/// The rules by which one of two versions of an object wins. Pure: rows in, verdict out.
enum Merge {
  /// Decks, options and notetypes (sync-protocol.md 6.5).
  /// - Parameters:
  ///   - pending: whether the client has not seen the stored version.
  ///   - tiesToServer: whether this client keeps the server's version when both changed in one second (H-9).
  /// - Returns: the `mtime` to store with the incoming version, or nil where the stored one stays.
  static func mtime(stored: Int64, incoming: Int64, pending: Bool, tiesToServer: Bool) -> Int64? {
    // The client has seen the stored version and changed it, whatever its clock says (H-10).
    guard pending else { return max(stored, incoming) }
    if stored == incoming { return tiesToServer ? nil : incoming }
    return stored < incoming ? incoming : nil
  }

  /// Cards and notes (sync-protocol.md 6.7). `sameContent` is asked only on a tie: the client has just kept its own
  /// version by a strict comparison, so taking it is what makes the two agree (H-16).
  static func takes(
    stored: Int64, incoming: Int64, pending: Bool, sameContent: @autoclosure () -> Bool
  ) -> Bool {
    guard pending else { return true }
    return incoming == stored ? !sameContent() : incoming > stored
  }
}

/// A client's version as it travels: `anki,2.1.28 (hash),linux` or `anki,26.09.3,…` (sync-protocol.md 11).
struct ClientVersion {
  /// Clients before 2.1.40 keep their own version when decks, options or notetypes changed in the same second on both
  /// sides; later ones take the server's (H-9).
  let tiesToServer: Bool

  init(_ text: Text) {
    let parts = text.string.split(separator: ",", omittingEmptySubsequences: false)
    guard parts.count > 1, parts[0] == "anki" else {
      tiesToServer = parts.first.map { $0 != "ankidesktop" && $0 != "ankidroid" } ?? true
      return
    }
    let numbers = parts[1].prefix { $0.isNumber || $0 == "." }.split(separator: ".").map { Int($0) ?? 0 }
    tiesToServer = !numbers.lexicographicallyPrecedes([2, 1, 40])
  }
}
