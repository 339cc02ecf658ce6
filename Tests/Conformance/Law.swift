import SyncCore
public import Testing

/// One law of storage, as a value: what every engine promises, and how to see whether it does.
///
/// Its words are those of the documentation of ``SyncCore/Backend`` and its rows. An engine from outside runs them all:
///
///     @Test("the contract of storage", arguments: Law.all)
///     func contract(law: Law) async throws { try await law.check(Subject(.lmdb, .durable { … })) }
public struct Law: Sendable, CustomTestStringConvertible {
  public enum Group: String, Sendable, CaseIterable {
    case schemas, rows, selections
    case scansAndLoads = "scans and loads"
    case transactions, concurrency, text, limits
  }

  public let group: Group
  /// What is promised, in one sentence; no two laws have the same.
  public let words: String
  private let body: @Sendable (Bench) async throws -> Void

  init(_ group: Group, _ words: String, _ body: @escaping @Sendable (Bench) async throws -> Void) {
    (self.group, self.words, self.body) = (group, words, body)
  }

  public static let all = schemas + rows + selections + scansAndLoads + transactions + concurrency + text + limits

  public var testDescription: String { words }

  /// Opens a fresh engine, tries the law on it, and clears up. A law that is broken is a recorded issue or a thrown
  /// error.
  public func check(_ subject: Subject) async throws {
    let bench = try await Bench(subject)
    do {
      try await body(bench)
      await bench.clearUp()
    } catch {
      await bench.clearUp()
      throw error
    }
  }

  /// All laws as a page of Markdown.
  public static var document: String {
    let chapters = Group.allCases.map { group in
      let lines = all.filter { $0.group == group }.map { "- \($0.words)\n" }
      return "\n## \(group.rawValue.prefix(1).uppercased() + group.rawValue.dropFirst())\n\n" + lines.joined()
    }
    return """
      # The laws of storage

      Every engine keeps all of them. They are cases of the library `StorageConformance`, and the words are those of the
      documentation in `Sources/SyncCore/Storage/Backend.swift`. This page is generated.

      """ + chapters.joined()
  }
}
