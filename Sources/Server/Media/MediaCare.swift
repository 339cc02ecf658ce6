import SyncCore

/// Compares index and bytes of a user's media, and removes bytes that nothing refers to. Safe while uploads run in any
/// process: what is removed or forgotten is looked at again in the transaction that does it.
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
    /// Bytes without a file; those of the last day are not counted.
    var orphans = 0
    var areCountersWrong = false

    var isFine: Bool { missing.isEmpty && damaged.isEmpty && orphans == 0 && !areCountersWrong }
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
        let unused = try some.filter { try !rows.isMedia($0) }
        try blobs.remove(unused, of: account, putBefore: limit, rows)
      }
    }
    return orphans.count
  }

  private func orphans(_ account: Int64) async throws -> [BlobDigest] {
    let limit = clock() - Self.grace
    let used = try await backend.read(.user(account)) { rows in
      var used: Set<BlobDigest> = []
      try rows.scan(MediaEntry.self) { entry in
        if let digest = entry.file?.digest { used.insert(digest) }
      }
      return used
    }
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
  ///   it again, and orphans removed.
  func check(_ account: Int64, repairs: Bool) async throws -> Report {
    var report = Report()
    let started = clock()
    var lost: [MediaEntry] = []
    var last: Text?
    while true {
      let page = try await entries(account, after: last)
      for entry in page {
        guard let content = entry.file else { continue }
        report.files += 1
        let check = BlobCheck(content)
        let isThere = try await blobs.read(account, content.digest) { check.add($0) }
        if isThere && check.isWhole { continue }
        if isThere { report.damaged.append(entry.name.string) } else { report.missing.append(entry.name.string) }
        lost.append(entry)
      }
      guard page.count == Self.page else { break }
      last = page.last?.name
    }
    report.orphans = repairs ? try await collect(account) : try await orphans(account).count
    if repairs { try await forget(account, lost, before: started) }
    report.areCountersWrong = try await areCountersWrong(account, repairs: repairs)
    return report
  }

  private func entries(_ account: Int64, after name: Text?) async throws -> [MediaEntry] {
    try await backend.read(.user(account)) { try $0.fetch(MediaEntry.self, .page(after: name, limit: Self.page)) }
  }

  private func forget(_ account: Int64, _ lost: [MediaEntry], before started: Int64) async throws {
    guard !lost.isEmpty else { return }
    try await backend.write(.user(account), .acknowledged) { rows in
      let contents = Set(lost.compactMap(\.file))
      try blobs.remove(contents.map(\.digest), of: account, putBefore: started, rows)
      let missing = try blobs.missing(contents, of: account, rows)
      try MediaUpdate(rows).forget(lost.filter { $0.file.map(missing.contains) ?? false })
    }
  }

  private func areCountersWrong(_ account: Int64, repairs: Bool) async throws -> Bool {
    if repairs { return try await backend.write(.user(account), .acknowledged) { try MediaUpdate($0).recount() } }
    return try await backend.read(.user(account)) { try !MediaSync($0).areCountersRight() }
  }
}
