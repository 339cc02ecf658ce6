import Foundation

/// An address as somebody typed it, taken apart. It is only read: nothing is sent there.
struct TypedAddress: Equatable, Sendable {
  var scheme: String
  /// Without the port; IPv6 in brackets; in lower case.
  var name: String
  /// As it was typed, or that of the scheme.
  var port: Int
  var hasPort: Bool
  /// Without query and fragment; empty where the address ends with the host.
  var path: String

  /// Why no client can use it, for who typed it.
  struct Problem: Error, Equatable { let words: String }

  static let longest = 500

  init(_ typed: String) throws(Problem) {
    let text = typed.trimmingWhitespace()
    guard text.utf8.count <= Self.longest else { throw Problem(words: "This is too long for an address.") }
    guard let colon = text.range(of: "://") else {
      throw Problem(words: "It must begin with http:// or https://. Anki refuses it otherwise.")
    }
    scheme = text[..<colon.lowerBound].lowercased()
    guard ["http", "https"].contains(scheme) else {
      throw Problem(words: "It must begin with http:// or https://, not with \(scheme)://.")
    }
    guard !text.contains(where: { $0.isWhitespace || ($0.asciiValue ?? 32) < 32 }) else {
      throw Problem(words: "There is a space in it, or something else that cannot be seen.")
    }
    let rest = text[colon.upperBound...]
    let authority = rest.prefix { !"/?#".contains($0) }
    path = String(rest[authority.endIndex...].prefix { !"?#".contains($0) })
    let host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
    (name, port, hasPort) = try Self.parts(host, standard: scheme == "https" ? 443 : 80)
  }

  private static func parts(_ host: Substring, standard: Int) throws(Problem) -> (String, Int, Bool) {
    let closing = host.lastIndex(of: "]")
    let colon = host.lastIndex(of: ":").flatMap { colon in (closing ?? host.startIndex) <= colon ? colon : nil }
    let name = host[..<(colon ?? host.endIndex)]
    guard !name.isEmpty, name != "[]" else { throw Problem(words: "It does not say which server.") }
    guard host.hasPrefix("[") == (closing != nil), host.hasPrefix("[") || !name.contains(":") else {
      throw Problem(words: "An IPv6 address stands in brackets, like http://[fd00::5]:27701/")
    }
    guard !name.contains(where: { "<>\"\\^`{|}%".contains($0) }) else {
      throw Problem(words: "There is something in the name of the server that cannot be in a name.")
    }
    guard let colon else { return (name.lowercased(), standard, false) }
    let digits = host[host.index(after: colon)...]
    guard digits.allSatisfy(\.isASCII), let port = UInt16(digits), port > 0 else {
      throw Problem(words: "Its port is not a number from 1 to 65535.")
    }
    return (name.lowercased(), Int(port), true)
  }

  /// Whether it leads from each machine to that machine itself.
  var isLoopback: Bool {
    name == "localhost" || name.hasSuffix(".localhost") || name == "[::1]" || Self.isLoopback4(name)
  }

  private static func isLoopback4(_ name: String) -> Bool {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }
}

extension String {
  /// What people copy along.
  fileprivate func trimmingWhitespace() -> Substring {
    let start = firstIndex { !$0.isWhitespace } ?? endIndex
    let end = lastIndex { !$0.isWhitespace }.map(index(after:)) ?? start
    return self[start..<end]
  }
}
