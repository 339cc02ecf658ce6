/// The names that a server goes by, where its owner has listed them (compat.md).
struct AllowedHosts: Sendable {
  /// Empty: any.
  private let patterns: [String]

  /// - Parameter list: names with commas between them; `.example.org` is every name below it and itself, `*` any.
  init(_ list: String = "") {
    patterns = list.split { $0 == "," || $0.isWhitespace }.map { $0.lowercased() }
  }

  /// - Parameter authority: the name in the address that a client used, with its port if it has one.
  func allow(_ authority: String?) -> Bool {
    guard !patterns.isEmpty else { return true }
    guard let host = authority.map(Self.host), !host.isEmpty else { return false }
    return patterns.contains { pattern in
      pattern == "*" || pattern == host || (pattern.hasPrefix(".") && ("." + host).hasSuffix(pattern))
    }
  }

  private static func host(_ authority: String) -> String {
    let authority = authority.lowercased()
    if authority.hasPrefix("[") { return String(authority.dropFirst().prefix { $0 != "]" }) }
    let name = authority.prefix { $0 != ":" }
    return String(name.hasSuffix(".") ? name.dropLast() : name)
  }
}
