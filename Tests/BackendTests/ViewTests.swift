import Foundation
import SQLBackend
import SQLiteFile
import SyncCore
import Testing

@testable import SQLiteBackend

@Suite("Views for the owner")
struct ViewTests {
  /// The engines that have views; the names are those in `ENGINE`.
  enum Engine: String, CaseIterable {
    case sqlite, postgres, mariadb

    static let chosen = allCases.filter { engine in
      (ProcessInfo.processInfo.environment["ENGINE"] ?? "sqlite").split(separator: ",").contains {
        $0 == engine.rawValue
      }
    }
  }

  @Test("the calendar is that of the scheduler, whatever the configuration says", arguments: Engine.chosen)
  func calendar(engine: Engine) async throws {
    try await engine.withScene { scene in
      let place = try await scene.views.show(user: 1, generation: 1)
      for settings in Settings.all {
        try await scene.backend.write(Self.schema, .relaxed) { rows in
          var col = Col()
          col.crt = settings.crt
          try rows.upsert([col])
          try rows.clear(ConfigEntry.self)
          try rows.upsert(settings.entries)
        }
        // The second may turn between two clocks.
        let before = settings.day(Int64(Date().timeIntervalSince1970))
        let found = try scene.number("day_number", place)
        let after = settings.day(Int64(Date().timeIntervalSince1970))
        #expect(found == before || found == after, "\(settings)")
      }
    }
  }

  @Test("showing again what is shown changes nothing, and another generation takes its place", arguments: Engine.chosen)
  func again(engine: Engine) async throws {
    try await engine.withScene { scene in
      let place = try await scene.views.show(user: 1, generation: 1)
      #expect(try await scene.views.show(user: 1, generation: 1) == place)
      #expect(try scene.number("epoch_day", place) == 10)
      try await Self.load(scene.backend, generation: 2, crt: 20 * 86_400)
      #expect(try await scene.views.show(user: 1, generation: 2) == place)
      #expect(try scene.number("epoch_day", place) == 20)
      try await scene.backend.drop(Self.schema)
      #expect(try scene.number("epoch_day", place) == 20)
      let refused = await #expect(throws: StorageError.self) {
        try await scene.views.show(user: 1, generation: 1)
      }
      #expect(refused?.code == .notFound)
      #expect(try scene.number("epoch_day", place) == 20)
    }
  }

  @Test("two who show one user at once both do", arguments: Engine.chosen)
  func atOnce(engine: Engine) async throws {
    try await engine.withScene { scene in
      try await Self.load(scene.backend, generation: 2, crt: 20 * 86_400)
      for _ in 1...5 {
        async let one = scene.views.show(user: 1, generation: 1)
        async let other = scene.otherViews.show(user: 1, generation: 2)
        _ = try await (one, other)
      }
    }
  }

  @Test("schemas of views are no schemas of ours", arguments: Engine.chosen)
  func schemas(engine: Engine) async throws {
    try await engine.withScene { scene in
      _ = try await scene.views.show(user: 1, generation: 1)
      #expect(try await Set(scene.backend.schemas()) == [.user(1), Self.schema])
      try await scene.backend.drop(.user(1))
      try await scene.backend.drop(Self.schema)
      #expect(try await scene.backend.schemas().isEmpty)
    }
  }

  static let schema = Schema.collection(user: 1, generation: 1)

  static func load(_ backend: any Backend, generation: Int64, crt: Int64) async throws {
    try await backend.load(.collection(user: 1, generation: generation)) { loader in
      var col = Col()
      col.crt = crt
      try loader.append([col])
    }
  }
}

/// What a collection may say about its calendar.
private struct Settings {
  var crt: Int64 = 1_600_000_000
  var values: [String: String] = [:]

  static let all: [Settings] = {
    var all: [Settings] = []
    for rollover in ["", "0", "4", "9", "15", "20", "23", "24", "255", "256", "-1", "null", "\"x\"", "2.5"] {
      for local in ["", "0", "-600", "345", "-345", "720", "1439", "1440"] {
        for created in ["", "null", "0", "480", "-720", "2000"] {
          all.append(
            Settings(values: ["schedVer": "2", "rollover": rollover, "localOffset": local, "creationOffset": created]))
        }
      }
    }
    let odd = [0, -1, 86_399, 1_600_041_599, 1_600_041_600, 4_000_000_000].map { (crt: Int64) in
      Settings(crt: crt, values: ["schedVer": "2", "localOffset": "-60"])
    }
    let old = ["", "1", "true"].map { Settings(values: ["schedVer": $0, "rollover": "7", "localOffset": "300"]) }
    return all.enumerated().filter { $0.offset % 5 == 0 }.map(\.element) + odd + old
  }()

  var entries: [ConfigEntry] {
    values.filter { !$0.value.isEmpty }.map { ConfigEntry(Text($0.key), Text($0.value)) }
  }

  func day(_ now: Int64) -> Int64 {
    Scheduling.dayNumber(
      crt: max(crt, 0), now: now, schedulerVersion: number("schedVer") ?? 1, rollover: number("rollover"),
      creationOffset: number("creationOffset"), localOffset: number("localOffset"))
  }

  private func number(_ name: String) -> Int64? { values[name].flatMap { ConfigValue.integer(Text($0)) } }
}

/// An engine with a user who has a collection, and somebody else who asks.
private struct Scene: Sendable {
  let backend: any Backend
  let views: any CollectionViews
  /// Those of another process.
  let otherViews: any CollectionViews
  let ask: @Sendable (String, String) throws -> Int64?

  func number(_ column: String, _ place: String) throws -> Int64? { try ask(column, place) }
}

extension ViewTests.Engine {
  fileprivate func withScene(_ body: (Scene) async throws -> Void) async throws {
    switch self {
    case .sqlite:
      let folder = FileManager.default.temporaryDirectory.path + "/views-\(UUID().uuidString)"
      defer { try? FileManager.default.removeItem(atPath: folder) }
      let settings = StorageSettings(folder: folder)
      try await run({ try await BackendFactory.sqlite.open(settings) }, body) { column, place in
        try SQLiteConnection(path: place, .readWrite).number("SELECT \(column) FROM v_calendar")
      }
    case .postgres:
      let scene = try PostgresScene()
      try await run({ try await scene.open() }, body) { column, place in
        try scene.numbers("SELECT \(column) FROM \"\(place)\".v_calendar").first
      }
    case .mariadb:
      let scene = try MariaDBScene()
      try await run({ try await scene.open() }, body) { column, place in
        try scene.texts("SELECT CAST(\(column) AS CHAR) FROM `\(place)`.v_calendar").first.flatMap { Int64($0) }
      }
    }
  }

  private func run(
    _ open: () async throws -> any Backend, _ body: (Scene) async throws -> Void,
    _ ask: @escaping @Sendable (String, String) throws -> Int64?
  ) async throws {
    let (backend, other) = (try await open(), try await open())
    do {
      try await backend.create(.user(1))
      try await ViewTests.load(backend, generation: 1, crt: 10 * 86_400)
      try await body(
        Scene(
          backend: backend, views: try #require(backend as? any CollectionViews),
          otherViews: try #require(other as? any CollectionViews), ask: ask))
    } catch {
      await backend.close()
      await other.close()
      throw error
    }
    await backend.close()
    await other.close()
  }
}
