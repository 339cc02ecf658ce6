import CZip
import Foundation

/// A zip archive, read as hostile input by its central directory (sync-protocol.md 7.4). Calls block.
///
/// Unchecked: it is used by one thread at a time, since whoever reads one member waits before the next.
final class ZipReader: @unchecked Sendable {
  /// Where the archive is.
  enum Origin: Sendable {
    case bytes([UInt8])
    case file(path: String)

    var isInMemory: Bool { if case .bytes = self { true } else { false } }
  }

  struct Member: Sendable {
    let index: UInt64
    /// Bytes when decompressed, as the archive says; reading proves it.
    let size: Int64
  }

  enum Fault: Error, Equatable {
    /// Not an archive that can be read, and why.
    case damaged(String)
  }

  private let archive: OpaquePointer
  /// Members by their names, which are bytes.
  let members: [[UInt8]: Member]
  /// What libzip reads from, for as long as it may.
  private let bytes: UnsafeMutableRawBufferPointer?

  private static let piece = 64 << 10

  /// - Throws: ``Fault``.
  init(_ origin: Origin) throws {
    try ZipDirectory.check(origin)
    var failure = zip_error_t()
    zip_error_init(&failure)
    defer { zip_error_fini(&failure) }
    let (source, bytes) = Self.source(origin, &failure)
    guard let source, let archive = zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &failure) else {
      if let source { zip_source_free(source) }
      bytes?.deallocate()
      throw Fault.damaged(String(cString: zip_error_strerror(&failure)))
    }
    do {
      members = try Self.members(archive)
    } catch {
      zip_discard(archive)
      bytes?.deallocate()
      throw error
    }
    (self.archive, self.bytes) = (archive, bytes)
  }

  deinit {
    zip_discard(archive)
    bytes?.deallocate()
  }

  /// Hands over the contents of a member in pieces, and checks its length and its checksum.
  /// - Throws: ``Fault``, and what `body` throws.
  func read(_ member: Member, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    let file = try open(member)
    defer { zip_fclose(file) }
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.piece, alignment: 16)
    defer { piece.deallocate() }
    var total: Int64 = 0
    while true {
      let count = try Self.read(file, piece)
      if count == 0 { break }
      total += Int64(count)
      guard total <= member.size else { throw Fault.damaged("a member is longer than it says") }
      try body(UnsafeRawBufferPointer(rebasing: piece[..<count]))
    }
    guard total == member.size else { throw Fault.damaged("a member is shorter than it says") }
  }

  /// The contents of a member as a whole, checked as by ``read(_:_:)``.
  func bytes(of member: Member) throws -> [UInt8] {
    let file = try open(member)
    defer { zip_fclose(file) }
    // With room for one byte more than there may be: libzip looks at the checksum when it meets the end.
    return try [UInt8](unsafeUninitializedCapacity: Int(member.size) + 1) { buffer, total in
      let room = UnsafeMutableRawBufferPointer(buffer)
      while true {
        let count = try Self.read(file, UnsafeMutableRawBufferPointer(rebasing: room[total...]))
        if count == 0 { break }
        total += count
        guard total <= member.size else { throw Fault.damaged("a member is longer than it says") }
      }
      guard total == member.size else { throw Fault.damaged("a member is shorter than it says") }
    }
  }

  private func open(_ member: Member) throws -> OpaquePointer {
    guard let file = zip_fopen_index(archive, member.index, 0) else {
      throw Fault.damaged(String(cString: zip_strerror(archive)))
    }
    return file
  }

  /// - Returns: how many bytes were read; 0 at the end.
  private static func read(_ file: OpaquePointer, _ room: UnsafeMutableRawBufferPointer) throws -> Int {
    let count = zip_fread(file, room.baseAddress, UInt64(room.count))
    guard count >= 0 else { throw Fault.damaged(String(cString: zip_file_strerror(file))) }
    return Int(count)
  }

  private static func source(
    _ origin: Origin, _ failure: inout zip_error_t
  ) -> (OpaquePointer?, UnsafeMutableRawBufferPointer?) {
    switch origin {
    case .file(let path):
      return (zip_source_file_create(path, 0, 0, &failure), nil)
    case .bytes(let bytes):
      let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(bytes.count, 1), alignment: 1)
      copy.copyBytes(from: bytes)
      return (zip_source_buffer_create(copy.baseAddress, UInt64(bytes.count), 0, &failure), copy)
    }
  }

  private static func members(_ archive: OpaquePointer) throws -> [[UInt8]: Member] {
    var members: [[UInt8]: Member] = [:]
    let count = zip_get_num_entries(archive, 0)
    guard count >= 0, count <= ZipDirectory.mostMembers else { throw Fault.damaged("too many members") }
    for index in 0..<UInt64(count) {
      var stat = zip_stat_t()
      zip_stat_init(&stat)
      let wanted = UInt64(ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD)
      guard zip_stat_index(archive, index, zip_flags_t(ZIP_FL_ENC_RAW), &stat) == 0, stat.valid & wanted == wanted,
        let name = stat.name, let size = Int64(exactly: stat.size)
      else { throw Fault.damaged("a member without its particulars") }
      guard stat.encryption_method == ZIP_EM_NONE else { throw Fault.damaged("an encrypted member") }
      guard [ZIP_CM_STORE, ZIP_CM_DEFLATE].contains(Int32(stat.comp_method)) else {
        throw Fault.damaged("a member compressed by method \(stat.comp_method)")
      }
      let bytes = name.withMemoryRebound(to: UInt8.self, capacity: strlen(name)) {
        Array(UnsafeBufferPointer(start: $0, count: strlen(name)))
      }
      guard members.updateValue(Member(index: index, size: size), forKey: bytes) == nil else {
        throw Fault.damaged("two members of one name")
      }
    }
    return members
  }
}
