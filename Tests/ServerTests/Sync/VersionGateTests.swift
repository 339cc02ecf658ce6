import InMemoryBackend
import SyncCore
import Testing

@testable import Server

@Suite("Collections too new for old clients") struct VersionGateTests {
  @Test(
    "a gate is closed to the versions that do not know what the collection uses",
    arguments: [
      (["schedVer": "2", "creationOffset": "-60"], [8: .scheduler, 9: .timezones, 10: nil, 11: nil]),
      (["schedVer": "2", "creationOffset": "null"], [8: .scheduler, 9: nil, 10: nil]),
      (["schedVer": "1", "creationOffset": "0"], [8: .timezones, 9: .timezones, 10: nil]),
      (["schedVer": "1"], [8: nil, 9: nil]), ([:], [8: nil, 9: nil]),
      (["schedVer": "\"2\"", "creationOffset": "1.5"], [8: nil, 9: nil]),
    ] as [([String: String], [Int64: VersionGate?])])
  func gates(config: [String: String], gates: [Int64: VersionGate?]) async throws {
    let backend = try await BackendFactory.memory.open(StorageSettings(folder: ""))
    let schema = Schema.collection(user: 1, generation: 1)
    try await backend.create(schema)
    try await backend.write(schema, .acknowledged) { rows in
      try rows.upsert(config.map { ConfigEntry(Text($0.key), Text($0.value)) })
      var col = Col()
      for (version, gate) in gates {
        #expect(try VersionGate.closed(to: version, rows) == gate, "version \(version)")
        #expect(try VersionGate.closed(to: version, rows, col) == nil, "nothing to lose yet (H-3)")
      }
      col.counts[.note] = 1
      for (version, gate) in gates { #expect(try VersionGate.closed(to: version, rows, col) == gate) }
    }
  }

  @Test(
    "a client's version tells its sync version where that is sure",
    arguments: [
      ("ankidroid,2.8.4,x", 8), ("ankidroid,2.9.7,", 9), ("ankidroid,2.14.6,", 9), ("ankidroid,2.15.6,", 10),
      ("ankidroid,2.16.5,", 10), ("ankidesktop,2.0.52,lin:debian", 8), ("ankidesktop,2.1.26 (70784154),lin", 10),
      ("anki,2.1.28 (hash),linux", 10), ("", 10), ("ankidroid", 10), ("ankidroid,x", 10), (",,,", 10),
    ] as [(String, Int64)])
  func versions(client: String, version: Int64) {
    #expect(VersionGate.version(ofClient: client) == version)
  }
}
