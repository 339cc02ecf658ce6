import Foundation
import Testing

@testable import Server

/// The pages that the program makes. `UPDATE_DOCS=1` writes them anew.
@Suite("Generated pages")
struct DocumentationTests {
  private static let docs = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "docs")

  enum Page: String, CaseIterable {
    case configuration = "CONFIG.md"
    case commandLine = "CLI.md"

    var text: String {
      switch self {
      case .configuration: ConfigurationPage.text
      case .commandLine: CommandLinePage.text
      }
    }
  }

  @Test("a page says what the program says", arguments: Page.allCases)
  func page(page: Page) throws {
    let file = Self.docs.appending(path: page.rawValue)
    if ProcessInfo.processInfo.environment["UPDATE_DOCS"] == "1" {
      try page.text.write(to: file, atomically: true, encoding: .utf8)
    }
    #expect(try String(contentsOf: file, encoding: .utf8) == page.text)
  }
}
