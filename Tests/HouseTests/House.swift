import Foundation

/// The source tree, read as text.
enum House {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  struct File: Sendable, CustomStringConvertible {
    /// From the root of the checkout.
    let path: String
    let lines: [String]
    var description: String { path }
    var isGenerated: Bool { path.hasSuffix(".pb.swift") }
    /// The module of a source file.
    var module: String {
      let parts = path.split(separator: "/").map(String.init)
      guard parts.count > 2, parts[0] == "Sources" else { return "" }
      return parts[1] == "Backends" ? parts[2] + "Backend" : parts[1]
    }
    var imports: [String] {
      lines.compactMap { line in
        let words = line.split(separator: " ").map(String.init)
        guard let at = words.firstIndex(of: "import"), at <= 1, at + 1 < words.count else { return nil }
        return words[at + 1]
      }
    }
  }

  /// Every Swift file below these folders, but for what a build has put there.
  static func files(_ folders: String...) throws -> [File] {
    try folders.flatMap { folder -> [File] in
      let start = root.appending(path: folder)
      guard let walk = FileManager.default.enumerator(at: start, includingPropertiesForKeys: nil) else { return [] }
      let ours = walk.compactMap { $0 as? URL }.filter { !$0.path().contains("/.build/") }
      return try ours.filter { $0.pathExtension == "swift" }.map { url in
        let path = String(url.path().dropFirst(root.path().count))
        let text = try String(contentsOf: url, encoding: .utf8)
        return File(path: path, lines: text.components(separatedBy: "\n"))
      }
    }.filter { !$0.isGenerated }
  }
}
