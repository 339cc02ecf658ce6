import SyncCore

/// One thing that an owner may set, declared once: the configuration, its errors, `config` and the documentation are
/// all made from it.
struct Setting: Sendable {
  /// What a value may be.
  enum Kind: Sendable {
    case text
    case integer(ClosedRange<Int>)
    case flag
    case choice([String])
    /// Addresses and networks of machines.
    case networks
    /// A storage engine, by its name.
    case engine
    /// The address of a database; its scheme is the name of an engine.
    case databaseURL
  }

  enum Default: Sendable {
    case value(String)
    /// Made from the machine or from other settings; in words for the documentation.
    case derived(words: String, @Sendable (Configuration) -> String)
  }

  /// The name in the environment and in the file.
  let name: String
  /// Other names, of older servers.
  let aliases: [String]
  let kind: Kind
  let standard: Default
  /// One sentence.
  let help: String
  /// Never shown, and may be read from the file that `NAME_FILE` names.
  let isSecret: Bool
  /// Values that were published as an example and must not be used.
  let refused: Set<String>

  init(
    _ name: String, aliases: [String] = [], _ kind: Kind, _ standard: Default, secret: Bool = false,
    refused: Set<String> = [], _ help: String
  ) {
    (self.name, self.aliases, self.kind, self.standard) = (name, aliases, kind, standard)
    (self.help, isSecret, self.refused) = (help, secret, refused)
  }
}

extension Setting: Hashable {
  static func == (a: Setting, b: Setting) -> Bool { a.name == b.name }
  func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

extension Setting.Default: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
  init(stringLiteral value: String) { self = .value(value) }
  init(integerLiteral value: Int) { self = .value(String(value)) }
}

extension Setting {
  /// The value in the form that the program uses, or nil where it is none of those allowed.
  func normal(_ text: String, _ backends: [BackendFactory]) -> String? {
    guard !refused.contains(text) else { return nil }
    switch kind {
    case .text: return text
    case .integer(let range): return Int(text).flatMap { range.contains($0) ? String($0) : nil }
    case .flag: return Self.flags[text.lowercased()].map { $0 ? "true" : "false" }
    case .choice(let words): return words.contains(text.lowercased()) ? text.lowercased() : nil
    case .networks: return TrustedProxies(text) == nil ? nil : text
    case .engine: return (try? Backends.named(text, in: backends))?.name
    case .databaseURL: return text.isEmpty || (try? DatabaseURL(text))?.named(in: backends) != nil ? text : nil
    }
  }

  /// What is allowed, in words.
  func allowed(_ backends: [BackendFactory]) -> String {
    switch kind {
    case .text where !refused.isEmpty: "any text but the published example"
    case .text: "any text"
    case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
    case .flag: "true or false"
    case .choice(let words): words.joined(separator: ", ")
    case .networks: "addresses like 127.0.0.1 and networks like 10.0.0.0/8 or fd00::/8, with commas between them"
    case .engine: backends.map(\.name).joined(separator: ", ")
    case .databaseURL: "an address like postgresql://user:password@host:port/name, special characters percent-encoded"
    }
  }

  private static let flags = [
    "true": true, "1": true, "yes": true, "on": true, "false": false, "0": false, "no": false, "off": false,
  ]
}
