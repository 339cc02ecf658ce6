/// What an address means.
enum SyncRoute: Equatable, Sendable {
  case health
  case sync(SyncMethod)

  /// Routes by the last component that is not empty, whatever comes before it (sync-protocol.md 2.1, H-1).
  /// Nil: not known.
  init?(target: String) {
    let path = target.utf8.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
    guard let last = path.split(separator: UInt8(ascii: "/")).last.flatMap(String.init) else { return nil }
    if last == "health" {
      self = .health
    } else if let method = SyncMethod(rawValue: last) {
      self = .sync(method)
    } else if let method = Self.method(gluedTo: "sync", last) ?? Self.method(gluedTo: "msync", last) {
      self = .sync(method)
    } else {
      return nil
    }
  }

  /// An old desktop's base without its last slash: `/synchostKey`, `/msyncbegin` (sync-protocol.md 2.2).
  private static func method(gluedTo group: String, _ component: String) -> SyncMethod? {
    guard component.hasPrefix(group) else { return nil }
    return SyncMethod(rawValue: String(component.dropFirst(group.count)))
  }
}
