import HTTPTypes

extension HTTPField.Name {
  fileprivate static let forwardedFor = HTTPField.Name("x-forwarded-for")!
  fileprivate static let forwarded = HTTPField.Name("forwarded")!
}

/// The proxies whose word is taken for whom they speak for. Everybody else may write into a request what he likes.
struct TrustedProxies: Sendable {
  private let networks: [IPNetwork]

  init() { networks = [] }

  /// Addresses and networks, with commas or blanks between them. Nil: not all are that.
  init?(_ text: String) {
    let parts = text.split { $0 == "," || $0.isWhitespace }
    networks = parts.compactMap { IPNetwork($0) }
    guard networks.count == parts.count else { return nil }
  }

  /// Whose request this is, as far as trusted proxies vouch for it.
  /// - Parameter peer: the address of the other end of the connection.
  func client(_ peer: String, _ headers: HTTPFields) -> String {
    guard !networks.isEmpty, let address = IPAddress(peer), trust(address) else { return peer }
    let chains = [Self.forwardedFor(headers), Self.forwarded(headers)].filter { !$0.isEmpty }
    let clients = Set(chains.map { nearestStranger($0, address) })
    // A proxy writes one of both headers; where the other one differs, a client may have sent it.
    guard clients.count == 1, let client = clients.first else { return peer }
    return client.description
  }

  /// Whether the other end of a connection may say how a request looked before it.
  func vouch(_ peer: String) -> Bool { !networks.isEmpty && IPAddress(peer).map(trust) ?? false }

  private func trust(_ address: IPAddress) -> Bool { networks.contains { $0.contains(address) } }

  /// Each proxy adds to the end whom it speaks for: what stands before the last that is not trusted is hearsay.
  private func nearestStranger(_ chain: [IPAddress?], _ peer: IPAddress) -> IPAddress {
    var nearest = peer
    for hop in chain.reversed() {
      guard let hop else { break }
      nearest = hop
      guard trust(hop) else { break }
    }
    return nearest
  }

  /// `X-Forwarded-For: 192.0.2.1, 2001:db8::1`; nil for what is no address.
  private static func forwardedFor(_ headers: HTTPFields) -> [IPAddress?] {
    headers[values: .forwardedFor].flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
      .map(address)
  }

  /// `Forwarded: for=192.0.2.1;proto=https, for="[2001:db8::1]:4711"` (RFC 7239); nil for what names no address.
  private static func forwarded(_ headers: HTTPFields) -> [IPAddress?] {
    let elements = headers[values: .forwarded].flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
    return elements.map { element in
      let pairs = element.split(separator: ";").map { $0.split(separator: "=", maxSplits: 1) }
      let value = pairs.first { $0.count == 2 && $0[0].filter { $0 != " " }.lowercased() == "for" }?[1]
      return value.flatMap(address)
    }
  }

  /// An address as headers have it: perhaps in quotes, perhaps with a port.
  private static func address(_ text: Substring) -> IPAddress? {
    let text = text.filter { !$0.isWhitespace && $0 != "\"" }
    if text.first == "[" { return IPAddress(text.dropFirst().prefix { $0 != "]" }) }
    let hasPort = text.count { $0 == ":" } == 1
    return IPAddress(hasPort ? text.prefix { $0 != ":" } : text[...])
  }
}
