import AnkiFormats
import Foundation
import Logging
import SyncCore

/// Answers the calls of the collection sync: who asks, on which rows, in which transaction. What a call means is
/// `SyncCall`'s business.
struct SyncService: SyncHandling {
  let accounts: Accounts
  let collections: UserCollections
  let generations: Generations
  let downloads: Downloads
  let media: MediaService
  let janitor: Janitor
  let bounds: SyncBounds
  /// Where uploads are staged.
  let dataRoot: String
  let log: Logger
  /// Milliseconds since 1970.
  let clock: @Sendable () -> Int64

  func admit(_ head: SyncHead) async throws -> Admission {
    guard head.method != .hostKey else { return Admission(account: 0, user: "", bodyLimit: SyncBounds.small) }
    guard let account = try await accounts.account(forHostKey: head.hostKey) else {
      throw SyncError(.forbidden, "unknown host key")
    }
    if head.method.isStateful, head.session.isEmpty {
      throw SyncError(.invalid, "\(head.method.rawValue) without a session key")
    }
    return Admission(
      account: account.id, user: account.name, bodyLimit: try bodyLimit(head.method), client: account.client)
  }

  func bodyLimit(_ method: SyncMethod) throws -> Int {
    let limit = bounds.limit(method)
    return method == .upload ? min(limit, try roomForUpload()) : limit
  }

  /// Bytes of the free disk that one upload may take.
  private func roomForUpload() throws -> Int {
    var status = statvfs()
    guard statvfs(dataRoot, &status) == 0 else { throw fileFault("statvfs", dataRoot) }
    return Int(clamping: status.f_bavail * status.f_frsize / 100 * UInt(bounds.diskPercent))
  }

  func respond(to head: SyncHead, _ admission: Admission, body: RequestBody) async throws -> Reply {
    let account = admission.account
    switch head.method {
    case .hostKey: return try await hostKey(head, body)
    case .meta: return try await meta(account, head, body)
    case .upload: return try await upload(account, head, body)
    case .download: return try await download(account, head)
    case .begin, .mediaChanges, .downloadFiles, .uploadChanges, .mediaSanity:
      return try await media.respond(to: head, account, body: body)
    case .abort:
      _ = try await step(account, head, .relaxed) { try $0.abort() }
      await janitor.sweep(account)
      return .bytes(Wire.null)
    default:
      do {
        return try await sessionStep(account, head, body)
      } catch let error as SyncError where error.code == .invalid {
        // A failed step ends the sync: half of one must never be finished (invariants.md A5).
        _ = try await step(account, head, .relaxed) { try $0.fail() }
        await janitor.sweep(account)
        throw error
      }
    }
  }

  func answerToBrokenBody(_ head: SyncHead, _ problem: SyncError) throws -> Reply? {
    guard head.method == .upload else { return nil }
    switch problem.code {
    case .tooLarge:
      // Where the disk is the limit it is our own fault, which is a status and not a text (sync-protocol.md 6.11).
      guard try roomForUpload() >= bounds.upload else {
        throw StorageError(.full, "not enough free disk for an upload of this size")
      }
      return .text(bounds.tooLarge)
    case .invalid: return .text(CollectionFault.damaged(problem.message).message)
    default: return nil
    }
  }

  // MARK: Calls without a session

  private func hostKey(_ head: SyncHead, _ body: RequestBody) async throws -> Reply {
    let (user, password) = try body.withBytes { try Wire.hostKey($0) }
    let key = try await accounts.login(
      LoginAttempt(user: user, password: password, address: head.address, client: head.client))
    return .bytes(Wire.encode(hostKey: key))
  }

  private func meta(_ account: Int64, _ head: SyncHead, _ body: RequestBody) async throws -> Reply {
    let (version, client) = try body.withBytes { try Wire.meta($0) }
    guard (8...11).contains(version) else {
      throw SyncError(.unsupported, "sync version \(version) is not served")
    }
    if head.framing == .form { try await accounts.keep(client: client, ofHostKey: head.hostKey) }
    let now = clock()
    let known = try await collections.read(account) { rows, col, user in
      var reply = MetaReply(
        mod: col.mod, scm: col.scm, usn: col.usn, now: now / 1000, isEmpty: col.counts[.card] == 0,
        mediaUSN: user.mediaUSN)
      if let gate = try VersionGate.closed(to: version, rows, col) {
        (reply.message, reply.mayContinue) = (gate.message, false)
      }
      return reply
    }
    if let known { return .bytes(Wire.encode(known)) }
    let user = try await collections.user(account)
    // Nothing was ever uploaded: the stamps of a fresh client, but for `scm` (sync-protocol.md 6.2).
    return .bytes(
      Wire.encode(
        MetaReply(mod: 0, scm: user.created, usn: 0, now: now / 1000, isEmpty: true, mediaUSN: user.mediaUSN)))
  }

  private func download(_ account: Int64, _ head: SyncHead) async throws -> Reply {
    guard head.framing == .form else { return try await downloads.file(account, .v18) }
    try await generations.ensure(account)
    // `meta` lets such a client in as long as there is nothing to lose; what is here it could not open.
    let version = VersionGate.version(ofClient: head.client)
    let isClosed = try await collections.read(account) { rows, _ in try VersionGate.closed(to: version, rows) != nil }
    if isClosed == true { return .text("upgradeRequired") }
    return try await downloads.file(account, .v11)
  }

  private func upload(_ account: Int64, _ head: SyncHead, _ body: RequestBody) async throws -> Reply {
    guard case .file(let path, let size) = body, size > 0 else {
      return .text(CollectionFault.empty.message)
    }
    do {
      try await bounds.loads.take(true) {
        try await generations.replace(account, with: path, origin: head.client)
      }
    } catch let fault as CollectionFault {
      log.info("upload refused", metadata: ["cause": "\(fault.message)"])
      return .text(fault.message)
    }
    await janitor.visit(account)
    return .text("OK")
  }

  // MARK: Steps of a session

  private func sessionStep(_ account: Int64, _ head: SyncHead, _ body: RequestBody) async throws -> Reply {
    switch head.method {
    case .start: try await start(account, head, body)
    case .applyGraves:
      try await reply(account, head) { call in
        try call.applyGraves(body.withBytes { try Wire.graves($0) })
        return Wire.null
      }
    case .applyChanges:
      try await reply(account, head) { call in
        try Wire.encode(call.applyChanges(body.withBytes { try Wire.changes($0) }))
      }
    case .chunk: try await reply(account, head) { try Wire.encode($0.chunk()) }
    case .applyChunk:
      try await reply(account, head) { call in
        try body.withBytes { bytes in
          try call.applyChunk { merge in try Wire.forEachBatch(inChunk: bytes, limit: 500, body: merge) }
        }
        return Wire.null
      }
    case .sanityCheck2: try await sanityCheck(account, head, body)
    case .finish: try await finish(account, head)
    default: throw SyncError(.notFound, "\(head.method.rawValue) is not a step of a sync")
    }
  }

  private func start(_ account: Int64, _ head: SyncHead, _ body: RequestBody) async throws -> Reply {
    try await generations.ensure(account)
    let request = try body.withBytes { try Wire.startRequest($0) }
    let started = try await step(account, head, .relaxed) { try $0.start(request) }
    guard case .graves(let graves)? = started else {
      throw SyncError(.invalid, "the client has synced with a later state of this collection: a full sync is needed")
    }
    return .bytes(Wire.encode(graves))
  }

  private func sanityCheck(_ account: Int64, _ head: SyncHead, _ body: RequestBody) async throws -> Reply {
    let request = try body.withBytes { try Wire.sanity($0) }
    guard let outcome = try await step(account, head, .relaxed, { try $0.sanityCheck(request.counts) }) else {
      throw SyncError(.sessionConflict, "no sync is running")
    }
    if !outcome.isOK {
      await record(account, head, "sanity check failed", "\(request.summary); server \(outcome.server.summary)")
    }
    return .bytes(Wire.encode(outcome, to: request))
  }

  private func finish(_ account: Int64, _ head: SyncHead) async throws -> Reply {
    guard let finished = try await step(account, head, .acknowledged, { try $0.finish() }) else {
      throw SyncError(.sessionConflict, "no sync is running")
    }
    if finished.leavesStagedRows { await janitor.sweep(account) }
    return .bytes(Wire.encode(finish: finished.mod))
  }

  private func reply(
    _ account: Int64, _ head: SyncHead, _ body: @escaping @Sendable (SyncCall) throws -> [UInt8]
  ) async throws -> Reply {
    guard let bytes = try await step(account, head, .relaxed, body) else {
      throw SyncError(.sessionConflict, "no sync is running")
    }
    return .bytes(bytes)
  }

  /// Runs one call in a transaction of its own; nil where there is no collection.
  private func step<T: Sendable>(
    _ account: Int64, _ head: SyncHead, _ durability: Durability, _ body: @escaping @Sendable (SyncCall) throws -> T
  ) async throws -> T? {
    let caller = Caller(session: head.session, hostKey: head.hostKey, client: head.client, now: clock())
    return try await collections.write(account, durability) {
      try body(SyncCall($0, caller, patience: bounds.session))
    }
  }

  /// Leaves the cause of a refused sync where the owner finds it: counts and ids, no content.
  private func record(_ account: Int64, _ head: SyncHead, _ outcome: String, _ cause: String) async {
    log.warning("\(outcome)", metadata: ["cause": "\(cause)"])
    let now = clock()
    try? await collections.backend.write(.user(account), .relaxed) { rows in
      var row = SyncOutcome()
      row.at = now
      row.client = Text(head.client)
      row.outcome = Text(outcome)
      row.cause = Text(cause)
      try rows.upsert([row])
      let old = try rows.fetch(SyncOutcome.self, .all).dropLast(SyncBounds.outcomesKept)
      try rows.delete(SyncOutcome.self, old.map(\.at))
    }
  }
}

extension SyncMethod {
  /// Whether the call belongs to a session, and so must carry its key.
  var isStateful: Bool {
    switch self {
    case .start, .applyGraves, .applyChanges, .chunk, .applyChunk, .sanityCheck2, .finish: true
    default: false
    }
  }
}
