import AnkiFormats
import SyncCore

/// Puts the bytes of media files into a zip, and looks whether they are what the index says.
///
/// Unchecked: it is used by one thread at a time, since whoever reads blobs waits for their end before looking.
final class MediaGathering: @unchecked Sendable {
  /// The bytes of a file are not there, or are others.
  struct Lost: Error {
    let entry: MediaEntry
    let content: MediaContent
  }

  private let files: [(entry: MediaEntry, content: MediaContent)]
  private let zip: MediaZipWriter
  /// The file whose bytes come, and what is known of them.
  private var place = -1
  private var check: BlobCheck?

  init(_ entries: [MediaEntry], in zip: MediaZipWriter) {
    files = entries.compactMap { entry in entry.file.map { (entry, $0) } }
    self.zip = zip
  }

  var digests: [BlobDigest] { files.map(\.content.digest) }

  /// - Parameter place: of the file among ``digests``.
  func add(_ place: Int, _ bytes: UnsafeRawBufferPointer) throws {
    try begin(place)
    check?.add(bytes)
    try zip.add(bytes)
  }

  /// All have come.
  /// - Parameter count: how many.
  /// - Throws: ``Lost``, as do the others, where a file is not whole.
  func end(_ count: Int) throws {
    try begin(count)
    if count < files.count { throw Lost(entry: files[count].entry, content: files[count].content) }
  }

  /// Ends the files before, and begins this one.
  private func begin(_ next: Int) throws {
    while place < next {
      if let check, !check.isWhole { throw Lost(entry: files[place].entry, content: files[place].content) }
      place += 1
      check = nil
      guard place < files.count else { continue }
      check = BlobCheck(files[place].content)
      zip.begin(files[place].entry.name, size: files[place].content.size)
    }
  }
}
