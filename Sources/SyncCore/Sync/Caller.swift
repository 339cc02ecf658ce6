import Crypto
import Foundation

/// Who calls a step of a sync, as far as the sync is concerned. Keys are kept as digests.
public struct Caller: Sendable {
  /// SHA-256 of the session key `s` and of the host key.
  let session: [UInt8]
  let hostKey: [UInt8]
  /// The client's version, as it gave it.
  let client: Text
  /// Milliseconds since 1970.
  let now: Int64

  public init(session: String, hostKey: String, client: String, now: Int64) {
    self.session = Array(SHA256.hash(data: Array(session.utf8)))
    self.hostKey = Array(SHA256.hash(data: Array(hostKey.utf8)))
    self.client = Text(client)
    self.now = now
  }

  /// Seconds since 1970.
  var seconds: Int64 { now / 1000 }
}

/// One collection in the transaction of one sync call. Each step is an extension in a file of its own; what it stages
/// becomes visible with `finish` (DESIGN, "A sync").
public struct SyncCall {
  let store: any RowStore
  let caller: Caller

  /// A session nobody calls for this long is dead, in milliseconds (sync-protocol.md 6.10).
  let patience: Int64

  public init(_ store: any RowStore, _ caller: Caller, patience: Int64 = 5 * 60 * 1000) {
    (self.store, self.caller, self.patience) = (store, caller, patience)
  }

  /// The session that this call belongs to, its life prolonged.
  /// - Throws: `sessionConflict` where there is none, or another one.
  func running() throws -> Staging {
    guard var session = try store.first(Session.self, 1), session.expires > caller.now else {
      throw SyncError(.sessionConflict, "no sync is running")
    }
    guard session.sessionDigest == caller.session else {
      throw SyncError(.sessionConflict, "another sync has taken over")
    }
    session.expires = caller.now + patience
    return Staging(store: store, col: try store.col(), session: session)
  }
}
