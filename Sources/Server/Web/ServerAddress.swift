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
  /// The address that this request was sent to: by its own word, and that of a trusted proxy.
  /// - Parameter scheme: what this server speaks.
  init(of request: Request, _ context: ConnectionContext, scheme: String) {
    let own = context.channel.localAddress
    let told = context.isVouchedFor ? request.headers : [:]
    let named = [told.first(.forwardedHost), request.head.authority].compactMap(\.self).first(where: Self.isHost)
    self.init(
      scheme: told.first(.forwardedProto).flatMap(Self.scheme) ?? scheme,
      host: named ?? Self.host(own?.ipAddress ?? "localhost", own?.port),
      target: request.head.path ?? "/",
      prefix: told.first(.forwardedPrefix).flatMap { $0.utf8.count <= Self.longest ? $0 : nil } ?? "/")
  }

  private static func scheme(_ text: String) -> String? {
    ["http", "https"].first { $0 == text.lowercased() }
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

extension HTTPFields {
  /// Each proxy of a chain adds to the end; what the browser saw is at the front.
  fileprivate func first(_ name: HTTPField.Name) -> String? {
    self[name]?.split(separator: ",").first.map { $0.trimmingPrefix(while: \.isWhitespace) }.map {
      String($0.prefix { !$0.isWhitespace })
    }
  }
}

extension HTTPField.Name {
  fileprivate static let forwardedProto = HTTPField.Name("x-forwarded-proto")!
  fileprivate static let forwardedHost = HTTPField.Name("x-forwarded-host")!
  fileprivate static let forwardedPrefix = HTTPField.Name("x-forwarded-prefix")!
}
