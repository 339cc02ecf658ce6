import Foundation
import StorageConformance
import Testing

@Suite("The laws in writing")
struct DocumentTests {
  @Test("the page of laws is in date")
  func page() throws {
    let page = Self.root.appendingPathComponent("docs/LAWS.md")
    if ProcessInfo.processInfo.environment["UPDATE_DOCS"] == "1" {
      try Data(Law.document.utf8).write(to: page)
    }
    let written = try String(contentsOf: page, encoding: .utf8)
    #expect(written == Law.document, "made anew by UPDATE_DOCS=1")
  }

  @Test("the laws are the bullets of the protocol's documentation")
  func bullets() throws {
    let file = Self.root.appendingPathComponent("Sources/SyncCore/Storage/Backend.swift")
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
    var bullets: [String] = []
    for line in lines {
      let line = line.trimmingCharacters(in: .whitespaces)
      if line.hasPrefix("/// - ") {
        bullets.append(String(line.dropFirst(6)))
      } else if line.hasPrefix("///   "), !bullets.isEmpty {
        bullets[bullets.count - 1] += " " + line.dropFirst(6)
      }
    }
    #expect(bullets.sorted() == Law.all.map(\.words).sorted())
  }

  private static var root: URL {
    var folder = URL(fileURLWithPath: #filePath)
    for _ in 0..<3 { folder.deleteLastPathComponent() }
    return folder
  }
}
