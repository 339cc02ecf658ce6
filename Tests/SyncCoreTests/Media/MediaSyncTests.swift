import InMemoryBackend
import Testing

@testable import SyncCore

@Suite("Steps of the media sync")
struct MediaSyncTests {
  private let bench: MediaBench

  init() async throws { bench = try await MediaBench() }

  // MARK: Uploads

  /// The table of sync-protocol.md 7.4: what is there, what comes, how far the usn moves.
  static let uploads: [(there: String?, comes: String?, usn: Int64)] = [
    (nil, "one", 1), ("", "one", 1), ("one", "one", 0), ("one", "two", 1), (nil, nil, 0), ("", nil, 0), ("one", nil, 1),
  ]

  @Test("F1, F4: the usn moves by one for what really changes", arguments: uploads)
  func usn(there: String?, comes: String?, usn: Int64) async throws {
    if let there {
      try await bench.upload([("f", "first")])
      try await bench.upload([("f", there.isEmpty ? nil : there)])
    }
    let before = try await bench.user().mediaUSN
    let outcome = try await bench.upload([("f", comes)])
    #expect(outcome == MediaOutcome(processed: 1, usn: before + usn))
    let after = try await bench.user()
    #expect(after.mediaUSN == before + usn && after.mediaCount == (comes == nil ? 0 : 1))
    try await bench.expectExactCounters()
  }

  @Test("F5: everything is processed, what cannot be stored too")
  func processed() async throws {
    let outcome = try await bench.upload([
      ("a", "1"), ("a", "1"), ("", "2"), ("/", "3"), ("../x", "4"), ("gone", nil), ("cafe\u{301}", nil), ("..", nil),
      ("a\u{0}", nil),
    ])
    #expect(outcome == MediaOutcome(processed: 9, usn: 2))
    #expect(try await bench.names() == ["..x", "a"])
  }

  @Test("one name twice in a zip is done in order, also after normalising")
  func twice() async throws {
    let outcome = try await bench.upload([("cafe\u{301}", "1"), ("caf\u{E9}", "2"), ("b", "3"), ("b", nil), ("b", "4")])
    #expect(outcome == MediaOutcome(processed: 5, usn: 5))
    #expect(try await bench.changes(after: 0).map(\.usn) == [2, 5])
    #expect(try await bench.user().mediaCount == 2)
    try await bench.expectExactCounters()
  }

  @Test("F9: a client that renames to NFC deletes the old name and keeps the new one")
  func renaming() async throws {
    try await bench.upload([("cafe\u{301}", "1")])
    try await bench.upload([("cafe\u{301}", nil), ("caf\u{E9}", "1")])
    #expect(try await bench.names() == ["caf\u{E9}"])
    #expect(try await bench.user().mediaUSN == 1)
  }

  @Test("F10: names are compared by their bytes")
  func bytewise() async throws {
    try await bench.upload([("A.jpg", "1"), ("a.jpg", "2"), ("ß", "3"), ("ss", "4")])
    #expect(try await bench.user().mediaCount == 4)
  }

  @Test("an index row is not written where its bytes are not there")
  func bytesFirst() async throws {
    #expect(try await bench.upload([("a", "1"), ("b", "2")], missing: "2") == nil)
    #expect(try await bench.user() == MediaBench.fresh)
    #expect(try await bench.names() == [])
  }

  @Test("what goes beyond the quota is refused as a whole, what takes less is not")
  func quota() async throws {
    try await bench.upload([("a", "1234567890")])
    let quota = MediaQuota(bytes: 12)
    await #expect(throws: MediaQuotaExceeded.self) { try await bench.upload([("b", "12"), ("c", "3")], quota) }
    #expect(try await bench.names() == ["a"])
    try await bench.upload([("b", "12")], quota)
    let tighter = MediaQuota(bytes: 5)
    try await bench.upload([("a", "123456"), ("b", "12")], tighter)
    await #expect(throws: MediaQuotaExceeded.self) { try await bench.upload([("a", "1234567")], tighter) }
    try await bench.upload([("a", nil)], tighter)
    try await bench.expectExactCounters()
  }

  // MARK: Changes

  @Test("F2, F3: changes are complete over calls and ascending", arguments: [0, 1, 999, 1000, 1001, 2500])
  func paging(count: Int) async throws {
    for start in stride(from: 0, to: count, by: 25) {
      try await bench.upload((start..<min(start + 25, count)).map { ("f\($0)", "\($0)") })
    }
    var met: [MediaEntry] = []
    var last: Int64 = 0
    while true {
      let page = try await bench.changes(after: last)
      #expect(page.count <= 1000)
      guard let end = page.last else { break }
      met += page
      last = end.usn
    }
    #expect(met.map(\.usn) == Array(1...Int64(max(count, 1))).prefix(count).map { $0 })
    #expect(Set(met.map(\.name)).count == count)
    #expect(try await bench.user().mediaUSN == last)
  }

  @Test("F13: a client beyond the newest change hears nothing", arguments: [3, 99, Int64.max])
  func beyond(usn: Int64) async throws {
    try await bench.upload([("a", "1"), ("b", "2"), ("a", nil)])
    #expect(try await bench.changes(after: usn) == [])
  }

  @Test("F3: a name is told once, in its latest state; a deletion has no digest")
  func latest() async throws {
    try await bench.upload([("a", "1"), ("b", "2"), ("a", "3"), ("b", nil)])
    let changes = try await bench.changes(after: -5)
    #expect(changes.map(\.name) == ["a", "b"] && changes.map(\.usn) == [3, 4])
    #expect(changes[1].file == nil && changes[1].sha1 == [] && changes[1].size == 0)
  }

  // MARK: Downloads

  @Test(
    "F7: files come in the order of the request until their sum passes 2.5 MiB, at least one",
    arguments: [
      ([10_000_000, 1], 1), ([1, 10_000_000, 1], 2), ([2_621_440, 1], 2), ([2_621_441, 1], 1),
      ([2_621_439, 1, 1], 3), ([1_000_000, 1_000_000, 1_000_000, 1], 3), ([5], 1), ([], 0),
    ] as [([Int64], Int)])
  func selection(sizes: [Int64], count: Int) async throws {
    try await bench.index(sizes.enumerated().map { ("f\($0)", $1) })
    let names = sizes.indices.reversed().map { "f\($0)" }
    let chosen = try await bench.selection(sizes.indices.map { "f\($0)" })
    #expect(chosen.map(\.name) == (0..<count).map { Text("f\($0)") })
    if !names.isEmpty { #expect(try await bench.selection(names).first?.name == Text(names[0])) }
  }

  @Test("a name twice is answered twice")
  func repeated() async throws {
    try await bench.upload([("a", "1")])
    #expect(try await bench.selection(["a", "a"]).count == 2)
  }

  @Test(
    "a file that is not here is a conflict, too many are invalid",
    arguments: [
      (["unknown"], SyncError.Code.sessionConflict), (["a", "deleted"], .sessionConflict),
      (["a\u{0}"], .sessionConflict), ([""], .sessionConflict), (Array(repeating: "a", count: 26), .invalid),
    ])
  func refused(names: [String], code: SyncError.Code) async throws {
    try await bench.upload([("a", "1"), ("deleted", "2"), ("deleted", nil)])
    do {
      _ = try await bench.selection(names)
      Issue.record("nothing was refused")
    } catch let error as SyncError {
      #expect(error.code == code)
    }
  }

  // MARK: The rest

  @Test("F14: sanity compares the files that are not deleted")
  func sanity() async throws {
    try await bench.upload([("a", "1"), ("b", "2"), ("b", nil)])
    #expect(try await bench.read { try $0.isSane(count: 1) })
    #expect(try await bench.read { try !$0.isSane(count: 2) })
  }

  @Test("F8: a file whose bytes are lost is forgotten without a trace, one that has changed meanwhile stays")
  func forgetting() async throws {
    try await bench.upload([("a", "1"), ("b", "2"), ("c", "3")])
    let old = try await bench.changes(after: 0)
    try await bench.upload([("b", "new")])
    try await bench.write { try MediaUpdate($0).forget([old[0], old[1]]) }
    #expect(try await bench.changes(after: 0).map(\.name) == ["c", "b"])
    #expect(try await bench.user().mediaUSN == 4)
    try await bench.expectExactCounters()
  }

  @Test("counters that have come to disagree are mended")
  func recount() async throws {
    try await bench.upload([("a", "1")])
    try await bench.write { rows in
      var user = MediaBench.fresh
      user.mediaCount = 77
      try rows.upsert([user])
    }
    #expect(try await bench.read { try !$0.areCountersRight() })
    #expect(try await bench.write { try MediaUpdate($0).recount() })
    #expect(try await bench.write { try !MediaUpdate($0).recount() })
    #expect(try await bench.user().mediaUSN == 1)
  }

  @Test("contents are found by their digest, and deleted files have none")
  func byContents() async throws {
    try await bench.upload([("a", "1"), ("b", "1"), ("c", "2"), ("c", nil)])
    let digests = ["1", "2", "3"].map { MediaBench.content($0).digest }
    #expect(try await bench.write { rows in try rows.unused(digests) } == Array(digests[1...]))
  }
}
