import SyncCore

/// Whether bytes that come by in pieces are those of a digest.
///
/// Unchecked: it is used by one thread at a time, since whoever reads a blob waits for its end before looking.
final class BlobCheck: @unchecked Sendable {
  private let content: MediaContent
  private var digest = BlobDigest.Builder()
  private var size: Int64 = 0

  init(_ content: MediaContent) { self.content = content }

  func add(_ bytes: UnsafeRawBufferPointer) {
    digest.add(bytes)
    size += Int64(bytes.count)
  }

  var isWhole: Bool { size == content.size && digest.digest() == content.digest }
}
