import Foundation
import SyncCore

/// Adds pages to the end of a file of SQLite's that nobody else uses meanwhile.
final class PageWriter {
  /// Where SQLite's locks lie: the page around this byte is never used.
  private static let lockByte = 1 << 30

  private let path: String
  private let descriptor: Int32
  private let limit: UInt32
  private var pages: UInt32 = 0

  /// - Parameter limit: the most pages that the file may have.
  init(path: String, limit: UInt32) throws {
    (self.path, self.limit) = (path, limit)
    descriptor = open(path, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { throw StorageError(errno, "open", path) }
    let header = try header()
    try checkHeader(header)
    pages = UInt32(bigEndianBytes: header[28..<32])
  }

  // The file's own connection holds no lock in between, which closing would drop.
  deinit { close(descriptor) }

  /// The number of a page that nothing uses yet.
  func allocate() throws -> UInt32 {
    let isLocks = Int(pages) == Self.lockByte / TreePage.size
    let next = pages + (isLocks ? 2 : 1)
    guard next <= limit else { throw StorageError(.full, "\(path) has reached its largest size") }
    pages = next
    return next
  }

  func write(_ page: [UInt8], _ number: UInt32) throws {
    try write(page, at: (Int(number) - 1) * TreePage.size)
  }

  /// Tells the header how many pages there are, and every connection that what it remembers is out of date
  /// (sqlite.org/fileformat2.html, 1.3).
  func finish() throws {
    let counter = (UInt32(bigEndianBytes: try header()[24..<28]) &+ 1).bigEndianBytes
    try write(counter + pages.bigEndianBytes, at: 24)
    try write(counter, at: 92)
  }

  /// Pages of our size without reserved bytes, UTF-8, no map for an automatic vacuum, and zeros and ones without bytes.
  private func checkHeader(_ header: [UInt8]) throws {
    let isPlain =
      header[16...17].elementsEqual([UInt8(TreePage.size >> 8), 0]) && header[20] == 0 && header[47] == 4
      && header[52..<56].allSatisfy { $0 == 0 } && header[59] == 1
    guard isPlain else { throw StorageError(.invalid, "\(path) is laid out in another way than ours") }
  }

  private func header() throws -> [UInt8] {
    var header = [UInt8](repeating: 0, count: 100)
    guard pread(descriptor, &header, header.count, 0) == header.count else { throw StorageError(errno, "read", path) }
    return header
  }

  private func write(_ bytes: [UInt8], at offset: Int) throws {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        pwrite(descriptor, $0.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset + done))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw StorageError(count == 0 ? ENOSPC : errno, "write", path) }
      done += count
    }
  }
}
