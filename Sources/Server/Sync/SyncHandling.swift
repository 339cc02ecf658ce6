import SyncCore

/// The methods of the collection sync and of the media sync, by the last component of their address
/// (sync-protocol.md 2.1).
enum SyncMethod: String, CaseIterable, Sendable {
  case hostKey, meta, start, applyGraves, applyChanges, chunk, applyChunk, sanityCheck2, finish, abort, upload, download
  case begin, mediaChanges, downloadFiles, uploadChanges, mediaSanity
}

/// How a request came in, which decides how its answer goes out.
enum Framing: Sendable, Equatable {
  /// Header `anki-sync` and zstd (sync version 11).
  case header
  /// A form and gzip, or the query of a GET (sync versions 8 to 10). Which of these versions only `meta` says.
  case form
}

/// Everything that a request says before its body.
struct SyncHead: Sendable {
  var method: SyncMethod
  var framing: Framing = .header
  var version: Int64 = 11
  /// Empty on `hostKey`.
  var hostKey = ""
  /// The session key `s`.
  var session = ""
  /// The client's version, as it gave it.
  var client = ""
  /// The address of the peer, for the login limits.
  var address = ""
}

/// Whom a request comes from, and how large its body may become when it is decompressed.
struct Admission: Sendable {
  /// The account; 0 for `hostKey`.
  var account: Int64
  /// The account's name, for the log.
  var user: String
  var bodyLimit: Int
  /// The client's version as this device told it last, for a head that says none.
  var client = ""
}

/// A request's body, decompressed. Small ones are in memory; large ones and uploads in a file that its receiver may
/// take (rename) and that is removed otherwise.
enum RequestBody: Sendable {
  case bytes([UInt8])
  case file(path: String, size: Int)
}

/// An answer before its framing.
enum Reply: Sendable {
  case bytes([UInt8])
  /// A file that is streamed, then handed to `done`.
  case file(path: String, size: Int, done: @Sendable () -> Void)

  static func text(_ string: String) -> Reply { .bytes(Array(string.utf8)) }
}

/// What the HTTP side asks of the sync side. Throws `SyncError` or `StorageError`.
protocol SyncHandling: Sendable {
  /// How many bytes the body of such a request may have when it is decompressed, whoever sends it.
  func bodyLimit(_ method: SyncMethod) throws -> Int
  /// Called when the head is known; where it is known first, before a byte of the body is read.
  func admit(_ head: SyncHead) async throws -> Admission
  /// Answers the request. An upload whose body was at fault is a text, not an error (sync-protocol.md 6.11).
  func respond(to head: SyncHead, _ admission: Admission, body: RequestBody) async throws -> Reply
  /// What an upload is answered whose body could not be read: too large, or not what it says it is. Nil: the usual
  /// status. Throws where the fault is ours after all.
  func answerToBrokenBody(_ head: SyncHead, _ problem: SyncError) throws -> Reply?
}
