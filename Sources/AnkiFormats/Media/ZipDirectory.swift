import Foundation

/// Looks at the end of an archive before libzip does, which takes memory for every member that is said to be there.
enum ZipDirectory {
  /// More than 25 files and `_meta`, for clients that send what nobody asked for.
  static let mostMembers: UInt64 = 1000
  private static let longestDirectory: UInt64 = 1 << 20

  /// How far the record at the end of an archive may be from its end.
  private static let tail = 22 + 0xFFFF
  private static let endSize = 22
  private static let locatorSize = 20
  private static let end64Size = 56

  /// - Throws: `ZipReader.Fault` where the directory says that it is larger than any client's.
  static func check(_ origin: ZipReader.Origin) throws {
    switch origin {
    case .bytes(let bytes):
      try bytes.withUnsafeBytes { bytes in
        try check(size: UInt64(bytes.count)) { offset, count in
          guard offset <= UInt64(bytes.count), UInt64(bytes.count) - offset >= UInt64(count) else { return nil }
          return Array(bytes[Int(offset)..<Int(offset) + count])
        }
      }
    case .file(let path):
      let file = open(path, O_RDONLY | O_CLOEXEC)
      guard file >= 0 else { throw ZipReader.Fault.damaged("it cannot be opened") }
      defer { close(file) }
      let size = lseek(file, 0, SEEK_END)
      try check(size: UInt64(max(size, 0))) { offset, count in
        var bytes = [UInt8](repeating: 0, count: count)
        guard let offset = off_t(exactly: offset) else { return nil }
        return pread(file, &bytes, count, offset) == count ? bytes : nil
      }
    }
  }

  /// Every place that can be taken for the end of the archive must be modest. One that names a directory that does not
  /// lie right before it is none: libzip refuses it, and a zip within a zip has one.
  private static func check(size: UInt64, _ read: (UInt64, Int) -> [UInt8]?) throws {
    let start = size - min(size, UInt64(tail))
    guard let bytes = read(start, Int(size - start)) else { throw ZipReader.Fault.damaged("it cannot be read") }
    guard bytes.count >= endSize else { throw ZipReader.Fault.damaged("too short for an archive") }
    for at in ends(in: bytes) {
      let place = start + UInt64(at)
      let directory =
        directory64(before: place, read)
        ?? Directory(members: number(bytes, at + 10, 2), size: number(bytes, at + 12, 4), end: place)
      try directory.check(offset: number(bytes, at + 16, 4))
    }
  }

  /// Where something begins that looks like the record at the end of an archive.
  private static func ends(in bytes: [UInt8]) -> [Int] {
    bytes.withUnsafeBytes { bytes in
      (0...(bytes.count - endSize)).filter {
        UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt32.self)) == 0x0605_4B50
      }
    }
  }

  private struct Directory {
    let members: UInt64
    let size: UInt64
    /// Where it must end.
    let end: UInt64
    var offset: UInt64?

    func check(offset given: UInt64) throws {
      let (sum, overflow) = (offset ?? given).addingReportingOverflow(size)
      guard !overflow, sum == end else { return }
      guard members <= mostMembers, size <= longestDirectory else {
        throw ZipReader.Fault.damaged("too many members")
      }
    }
  }

  /// What the larger record of zip64 says, where there is one.
  private static func directory64(before place: UInt64, _ read: (UInt64, Int) -> [UInt8]?) -> Directory? {
    guard place >= UInt64(locatorSize), let locator = read(place - UInt64(locatorSize), locatorSize),
      number(locator, 0, 4) == 0x0706_4B50
    else { return nil }
    let at = number(locator, 8, 8)
    guard let end = read(at, end64Size), number(end, 0, 4) == 0x0606_4B50 else { return nil }
    return Directory(members: number(end, 32, 8), size: number(end, 40, 8), end: at, offset: number(end, 48, 8))
  }

  /// A little-endian number.
  private static func number(_ bytes: [UInt8], _ at: Int, _ count: Int) -> UInt64 {
    bytes[at..<at + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}
