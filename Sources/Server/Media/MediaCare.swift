import SyncCore

/// Compares index and bytes of a user's media and kept generations, and removes bytes that nothing refers to. Safe
/// while uploads run in any process: what is removed or forgotten is looked at again in the transaction that does it.
struct MediaCare: Sendable {
  let backend: any Backend
  let blobs: any BlobStore
  /// Milliseconds since 1970.
  let clock: @Sendable () -> Int64

  /// Bytes that are younger may belong to an upload that has yet to write its index. In milliseconds.
  static let grace: Int64 = 86_400_000
  private static let page = 500

  /// What a check found, in files.
  struct Report: Sendable, Equatable {
    /// Files that are not deleted.
    var files = 0
    /// Names of those whose bytes are not there, or are others.
    var missing: [String] = []
    var damaged: [String] = []
    /// Numbers of the kept generations that cannot be had back: bytes of theirs are not there, or are others.
    var lostGenerations: [Int64] = []
    /// Bytes that nothing refers to; those of the last day are not counted.
    var orphans = 0
    var areCountersWrong = false

    var isFine: Bool {
      missing.isEmpty && damaged.isEmpty && lostGenerations.isEmpty && orphans == 0 && !areCountersWrong
    }
  }

  // MARK: Orphans

  /// Removes the bytes that nothing refers to.
  /// - Returns: how many blobs.
  func collect(_ account: Int64) async throws -> Int {
    let orphans = try await orphans(account)
    let limit = clock() - Self.grace
    for start in stride(from: 0, to: orphans.count, by: Self.page) {
      let some = Array(orphans[start..<min(start + Self.page, orphans.count)])
      try await backend.write(.user(account), .relaxed) { rows in
        try blobs.remove(rows.unused(some), of: account, putBefore: limit, rows)
      }
    }
    return orphans.count
  }

  private func orphans(_ account: Int64) async throws -> [BlobDigest] {
    let limit = clock() - Self.grace
    let used = try await backend.read(.user(account)) { try $0.usedBlobs() }
    var orphans: [BlobDigest] = []
    var last: BlobDigest?
    while true {
      let page = try await blobs.list(account, after: last, limit: Self.page)
      orphans += page.filter { $0.put < limit && !used.contains($0.content.digest) }.map(\.content.digest)
      guard page.count == Self.page else { return orphans }
      last = page.last?.content.digest
    }
  }

  // MARK: Checking

  /// Reads everything and compares.
  /// - Parameter repairs: whether files without their bytes are forgotten, so that a device that still has one uploads
  ///   it again, generations without theirs too, and orphans removed.
  func check(_ account: Int64, repairs: Bool) async throws -> Report {
    var report = Report()
    let started = clock()
    let entries = try await lostEntries(account, &report)
    let parts = try await lostParts(account)
    report.lostGenerations = Set(parts.map(\.generation)).sorted()
    if repairs { try await forget(account, entries, parts, before: started) }
    report.orphans = repairs ? try await collect(account) : try await orphans(account).count
    report.areCountersWrong = try await areCountersWrong(account, repairs: repairs)
    return report
  }

  private func lostEntries(_ account: Int64, _ report: inout Report) async throws -> [MediaEntry] {
    var lost: [MediaEntry] = []
    var last: Text?
    while true {
      let page = try await backend.read(.user(account)) { [last] rows in
        try rows.fetch(MediaEntry.self, .page(after: last, limit: Self.page))
      }
      for entry in page {
        guard let content = entry.file else { continue }
        report.files += 1
        switch try await bytes(account, content) {
        case .whole: continue
        case .damaged: report.damaged.append(entry.name.string)
        case .missing: report.missing.append(entry.name.string)
        }
        lost.append(entry)
      }
      guard page.count == Self.page else { return lost }
      last = page.last?.name
    }
  }

  private func lostParts(_ account: Int64) async throws -> [GenerationPart] {
    var lost: [GenerationPart] = []
    for part in try await backend.read(.user(account), { try $0.fetch(GenerationPart.self, .all) }) {
      if let content = part.content, try await bytes(account, content) == .whole { continue }
      lost.append(part)
    }
    return lost
  }

  private enum Bytes { case whole, damaged, missing }

  private func bytes(_ account: Int64, _ content: MediaContent) async throws -> Bytes {
    let check = BlobCheck(content)
    guard try await blobs.read(account, content.digest, { check.add($0) }) else { return .missing }
    return check.isWhole ? .whole : .damaged
  }

  private func forget(
    _ account: Int64, _ entries: [MediaEntry], _ parts: [GenerationPart], before started: Int64
  ) async throws {
    guard !entries.isEmpty || !parts.isEmpty else { return }
    try await backend.write(.user(account), .acknowledged) { rows in
      let contents = Set(entries.compactMap(\.file) + parts.compactMap(\.content))
      try blobs.remove(contents.map(\.digest), of: account, putBefore: started, rows)
      let missing = try blobs.missing(contents, of: account, rows)
      try MediaUpdate(rows).forget(entries.filter { $0.file.map(missing.contains) ?? false })
      for part in parts where part.content.map(missing.contains) ?? true {
        try rows.forget(generation: part.generation)
      }
    }
  }

  private func areCountersWrong(_ account: Int64, repairs: Bool) async throws -> Bool {
    if repairs { return try await backend.write(.user(account), .acknowledged) { try MediaUpdate($0).recount() } }
    return try await backend.read(.user(account)) { try !MediaSync($0).areCountersRight() }
  }
}
