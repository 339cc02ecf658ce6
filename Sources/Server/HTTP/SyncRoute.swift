/// What an address means.
enum SyncRoute: Equatable, Sendable {
  case health
  case sync(SyncMethod)

  /// Routes by the last component that is not empty, whatever comes before it (sync-protocol.md 2.1, H-1).
  /// Nil: not known.
  init?(target: String) {
    let path = target.prefix { $0 != "?" && $0 != "#" }
    guard let last = path.split(separator: "/").last else { return nil }
    if last == "health" {
      self = .health
    } else if let method = SyncMethod(rawValue: String(last)) {
      self = .sync(method)
    } else if last.hasPrefix("sync"), let method = SyncMethod(rawValue: String(last.dropFirst(4))) {
      // An old desktop's base without its last slash: `/synchostKey` (sync-protocol.md 2.2).
      self = .sync(method)
    } else {
      return nil
    }
  }
}
