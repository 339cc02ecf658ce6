import HTTPTypes
import HummingbirdCore
import NIOCore

/// The address of this server as a client sees it, which a proxy may have made another one than the server's own.
struct ServerAddress: Equatable, Sendable {
  /// `http` or `https`.
  var scheme: String
  /// With the port where it is not the scheme's own; IPv6 in brackets.
  var host: String
  /// What clients append their names to: begins and ends with a slash.
  var path: String
  /// What the browser had behind it, such as `/sync/`; with the slash before it.
  var tail: String

  var text: String { "\(scheme)://\(host)\(path)" }

  /// Paths that are longer are nobody's address.
  private static let longest = 200
  private static let groups: Set<Substring> = ["sync", "msync"]

  /// - Parameters:
  ///   - target: of the request.
  ///   - prefix: what a proxy took off the front of it.
  init(scheme: String, host: String, target: String, prefix: String = "/") {
    (self.scheme, self.host) = (scheme, host)
    let raw = target.prefix { $0 != "?" && $0 != "#" }
    let kept = Self.withoutOurs(raw.split(separator: "/"))
    tail = String(raw[(kept.last?.endIndex ?? raw.startIndex)...])
    let known = raw.utf8.count <= Self.longest ? kept : []
    path = "/" + (prefix.split(separator: "/") + known).map { $0 + "/" }.joined()
  }

  /// Drops what clients append by themselves (sync-protocol.md 2.1). A folder may have the name of a method.
  private static func withoutOurs(_ names: [Substring]) -> [Substring] {
    var kept = names[...]
    if let last = kept.last, SyncMethod(rawValue: String(last)) != nil, groups.contains(kept.dropLast().last ?? "") {
      kept.removeLast()
    }
    while let last = kept.last, groups.contains(last) { kept.removeLast() }
    return Array(kept)
  }
}

extension ServerAddress {
  /// The address that this request was sent to.
  init(of request: Request, _ context: ConnectionContext) {
    let own = context.channel.localAddress
    let named = request.head.authority.flatMap { Self.isHost($0) ? $0 : nil }
    let host = named ?? Self.host(own?.ipAddress ?? "localhost", own?.port)
    self.init(scheme: "http", host: host, target: request.head.path ?? "/")
  }

  /// Whether it has the characters of a name or an address with a port. Nobody needs to be shown anything else.
  static func isHost(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= 255
      && text.utf8.allSatisfy { byte in
        let character = Unicode.Scalar(byte)
        return ("a"..."z").contains(character) || ("A"..."Z").contains(character) || ("0"..."9").contains(character)
          || ".-_:[]".unicodeScalars.contains(character)
      }
  }

  private static func host(_ ip: String, _ port: Int?) -> String {
    let name = ip.contains(":") ? "[\(ip)]" : ip
    return port.map { "\(name):\($0)" } ?? name
  }
}
