import SyncCore

@testable import Server

/// A sync side that does what the test says; as it is, it answers every body with itself.
struct FakeSync: SyncHandling {
  var limit = 1 << 20
  var onAdmit: @Sendable (SyncHead) async throws -> Void = { _ in }
  var onAdmitted: @Sendable (inout Admission) -> Void = { _ in }
  var onRespond: @Sendable (SyncHead, Server.RequestBody) async throws -> Reply = { _, body in try echo(body) }
  var onBroken: @Sendable (SyncError) -> Reply? = { .text("refused: \($0.message)") }

  func bodyLimit(_ method: SyncMethod) -> Int { limit }

  func admit(_ head: SyncHead) async throws -> Admission {
    try await onAdmit(head)
    var admission = Admission(account: 7, user: "anna b", bodyLimit: limit)
    onAdmitted(&admission)
    return admission
  }

  func respond(to head: SyncHead, _ admission: Admission, body: Server.RequestBody) async throws -> Reply {
    try await onRespond(head, body)
  }

  func answerToBrokenBody(_ head: SyncHead, _ problem: SyncError) -> Reply? { onBroken(problem) }

  /// The body, or the size of its file.
  static func echo(_ body: Server.RequestBody) throws -> Reply {
    switch body {
    case .bytes(let bytes): .bytes(bytes)
    case .file(_, let size): .text("file of \(size)")
    }
  }
}

/// Opens once, for all who wait and will wait.
struct Gate: Sendable {
  private let passage: AsyncStream<Never>
  private let key: AsyncStream<Never>.Continuation

  init() { (passage, key) = AsyncStream.makeStream() }

  func open() { key.finish() }
  /// For one task.
  func wait() async { for await _ in passage {} }
}
