import AnkiFormats
import Foundation
import InMemoryBackend
import SQLiteFile
import SyncCore

/// A folder that is gone with the test.
final class Scratch {
  let folder: String

  init() throws {
    folder = NSTemporaryDirectory() + "collection-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  func path(_ name: String = "file.anki2") -> String { folder + "/" + name }

  /// A copy of a file that the real client wrote (make_collections.py), to be changed by the test.
  func fixture(_ name: String, named copy: String = "file.anki2") throws -> String {
    let path = path(copy)
    try FileManager.default.copyItem(atPath: Fixture.path(name), toPath: path)
    return path
  }
}

enum Fixture {
  static let rich11 = "rich11.anki2"
  static let rich18 = "rich18.anki2"

  static func path(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Fixtures/collections/\(name)").path
  }
}

/// A collection in storage, with everything it holds as comparable bytes.
struct Stored {
  static let schema = Schema.collection(user: 1, generation: 1)
  let backend: any Backend

  init(_ fill: @escaping @Sendable (any RowLoader) throws -> Void) async throws {
    backend = try await BackendFactory.memory.open(StorageSettings(folder: ""))
    try await backend.load(Self.schema, fill)
  }

  init(file path: String, limits: CollectionLimits = CollectionLimits()) async throws {
    try await self.init { try CollectionFile.read(path: path, limits: limits, into: $0) }
  }

  func write(_ version: CollectionFile.Version, _ path: String) async throws {
    try await backend.read(Self.schema) { try CollectionFile.write(schema: version, path: path, from: $0) }
  }

  func all<R: Row>(_ type: R.Type) async throws -> [R] {
    try await backend.read(Self.schema) { try $0.fetch(type, .all) }
  }

  func col() async throws -> Col { try await all(Col.self)[0] }

  /// Every row of every table.
  func dump() async throws -> [String: [String]] {
    try await backend.read(Self.schema) { rows in
      var dump: [String: [String]] = [:]
      func add<R: Row>(_ type: R.Type) throws {
        dump[type.table.name.text] = try rows.fetch(type, .all).map(Self.text)
      }
      for type in Schema.Kind.collection.rows { try add(type) }
      return dump
    }
  }

  /// The unknown keys of options have no order: each client writes them in another one.
  private static func text<R: Row>(_ row: R) throws -> String {
    guard let config = row as? DeckConfig else { return String(describing: row) }
    let bytes = JSONWriter.bytes(of: .object(try Legacy.json(of: config)))
    let json = try JSONSerialization.jsonObject(with: Data(bytes))
    return String(decoding: try JSONSerialization.data(withJSONObject: json, options: .sortedKeys), as: UTF8.self)
  }
}

enum SQL {
  /// Runs SQL on a file as a writer with bad intentions can.
  static func run(_ path: String, _ sql: String) throws {
    let file = try SQLiteConnection(path: path, .readWriteCreate)
    try file.registerUnicase()
    try file.execute(sql)
  }

  /// The first column of every row, read without side files.
  static func texts(_ path: String, _ sql: String) throws -> [String] {
    let file = try SQLiteConnection(path: path, .immutable)
    try file.registerUnicase()
    return try file.statement(sql) { statement in
      var texts: [String] = []
      while try statement.step() { texts.append(statement.text(0).string) }
      return texts
    }
  }

  static func number(_ path: String, _ sql: String) throws -> Int64? {
    try texts(path, sql).first.flatMap { Int64($0) }
  }
}
