import Foundation
import Testing

@Suite("The house")
struct HouseTests {
  /// Which of our modules a module may import. Everything else is forbidden.
  static let arrows: [String: Set<String>] = [
    "SyncCore": [],
    "SQLiteFile": ["SyncCore", "CSQLite"],
    "AnkiFormats": ["SyncCore", "SQLiteFile", "CZstd", "CZlib", "CZip"],
    "SQLBackend": ["SyncCore"],
    "SQLiteBackend": ["SyncCore", "SQLBackend", "SQLiteFile"],
    "PostgresBackend": ["SyncCore", "SQLBackend", "CPostgres"],
    "MariaDBBackend": ["SyncCore", "SQLBackend", "CMariaDB"],
    "InMemoryBackend": ["SyncCore"],
    "Server": [
      "SyncCore", "AnkiFormats", "SQLiteBackend", "PostgresBackend", "MariaDBBackend", "InMemoryBackend", "CArgon2",
      "CDisk",
    ],
    "djankiserv": ["Server"],
  ]
  static let ours = Set(arrows.keys).union([
    "CSQLite", "CZstd", "CZlib", "CArgon2", "CZip", "CPostgres", "CMariaDB", "CDisk", "StorageConformance",
  ])

  @Test("arrows between modules point one way")
  func arrowsPointOneWay() throws {
    for file in try House.files("Sources") {
      let allowed = try #require(Self.arrows[file.module], "\(file) belongs to no known module")
      let forbidden = file.imports.filter { Self.ours.contains($0) && !allowed.contains($0) }
      #expect(forbidden.isEmpty, "\(file) imports \(forbidden)")
    }
  }

  @Test("an engine from outside needs the core alone, and a program of one's own the server")
  func examples() throws {
    let allowed: [String: Set<String>] = [
      "Examples/CustomBackend/Sources": ["SyncCore", "CLMDB", "Foundation", "Synchronization"],
      "Examples/CustomServer/Sources": ["Server", "LMDBBackend"],
    ]
    for (folder, modules) in allowed {
      let files = try House.files(folder)
      #expect(!files.isEmpty)
      for file in files { #expect(modules.isSuperset(of: file.imports), "\(file) imports \(file.imports)") }
    }
  }

  @Test("what the page about engines quotes is in the examples, word for word")
  func quotations() throws {
    let page = try String(contentsOf: House.root.appending(path: "docs/BACKENDS.md"), encoding: .utf8)
    let quotations = page.components(separatedBy: "```swift\n").dropFirst().map { quotation in
      quotation.components(separatedBy: "```")[0]
    }
    let sources = try House.files("Examples").map { $0.lines.joined(separator: "\n") }
    #expect(quotations.count > 10)
    for quotation in quotations where !sources.contains(where: { $0.contains(quotation) }) {
      Issue.record("not in the examples:\n\(quotation)")
    }
  }

  @Test("the core imports Foundation, Crypto and Synchronization alone")
  func coreIsPure() throws {
    let allowed: Set<String> = ["Foundation", "Crypto", "Synchronization", "Dispatch", "Swift"]
    for file in try House.files("Sources/SyncCore") {
      let foreign = file.imports.filter { !allowed.contains($0) }
      #expect(foreign.isEmpty, "\(file) imports \(foreign)")
    }
  }

  @Test("a file has at most 400 lines, a line at most 120 columns")
  func sizes() throws {
    for file in try House.files("Sources", "Tests", "Examples") {
      #expect(file.lines.count <= 401, "\(file) has \(file.lines.count) lines")
      for (number, line) in file.lines.enumerated() where line.count > 120 {
        Issue.record("\(file):\(number + 1) has \(line.count) columns")
      }
    }
  }

  @Test("a function has at most 60 lines")
  func functions() throws {
    let start = try Regex(
      #"^( *)((public|private|internal|fileprivate|static|mutating|override|final) )*(func|init)\b"#)
    for file in try House.files("Sources", "Examples") {
      var open: (line: Int, indent: Int)?
      for (number, line) in file.lines.enumerated() {
        if line.firstMatch(of: start) != nil, line.hasSuffix("{") || line.hasSuffix("(") {
          open = (number, line.prefix { $0 == " " }.count)
        } else if let begun = open, line.hasPrefix(String(repeating: " ", count: begun.indent) + "}") {
          let length = number - begun.line + 1
          #expect(length <= 60, "\(file):\(begun.line + 1) has \(length) lines")
          open = nil
        }
      }
    }
  }

  /// A word, the folders in which it may stand, and why not elsewhere.
  struct Place: Sendable, CustomStringConvertible {
    let word: String
    let allowed: [String]
    let reason: String
    var description: String { word }
  }

  static let places = [
    Place(
      word: "ProcessInfo.processInfo.environment", allowed: ["Config/", "CLI/"], reason: "options are declared once"),
    Place(word: "print(", allowed: ["CLI/"], reason: "people read the CLI, operators the log"),
    Place(word: "Date()", allowed: ["CLI/", "Application.swift", "LogFormat.swift"], reason: "time is a parameter"),
    Place(word: "try!", allowed: [], reason: "nothing traps on input"),
    Place(word: "fatalError(", allowed: [], reason: "nothing traps on input"),
    Place(word: "import CZip", allowed: ["AnkiFormats/Media/"], reason: "one importer of the C library"),
    Place(word: "import CMariaDB", allowed: ["Backends/MariaDB/"], reason: "one importer of the C library"),
    Place(word: "import CPostgres", allowed: ["Backends/Postgres/"], reason: "one importer of the C library"),
    Place(word: "import CSQLite", allowed: ["SQLiteFile/"], reason: "one importer of the C library"),
  ]

  @Test("words stay in their places", arguments: places)
  func words(place: Place) throws {
    for file in try House.files("Sources") where !place.allowed.contains(where: file.path.contains) {
      for (number, line) in file.lines.enumerated()
      where line.contains(place.word) && !line.trimmingCharacters(in: .whitespaces).hasPrefix("//") {
        Issue.record("\(file):\(number + 1): \(place.word) (\(place.reason))")
      }
    }
  }

  @Test("a page that the code cites is in docs/spec")
  func citations() throws {
    let citation = try Regex(#"([a-z]+(-[a-z]+)*)\.md"#)
    for file in try House.files("Sources", "Tests") {
      for line in file.lines where line.contains("//") {
        for match in line.matches(of: citation) {
          let page = House.root.appending(path: "docs/spec/\(line[match.range])").path()
          #expect(FileManager.default.fileExists(atPath: page), "\(file) cites \(line[match.range])")
        }
      }
    }
  }
}
