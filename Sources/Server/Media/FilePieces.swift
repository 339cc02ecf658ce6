import Foundation

/// Files read in pieces of at most 256 KiB. Blocks.
enum FilePieces {
  private static let longest = 256 << 10

  static func read(
    _ path: String, from offset: Int64 = 0, count: Int64 = .max, _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw fileFault("open", path) }
    defer { close(descriptor) }
    try read(descriptor, path, from: offset, count: count, body)
  }

  /// Reads an open file; ends early where the file does.
  /// - Parameter path: names it where it cannot be read.
  static func read(
    _ descriptor: Int32, _ path: String, from offset: Int64 = 0, count: Int64 = .max,
    _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    var (offset, left) = (offset, count)
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(max(min(left, Int64(longest)), 1)), alignment: 16)
    defer { piece.deallocate() }
    while left > 0 {
      let count = pread(descriptor, piece.baseAddress, Int(min(left, Int64(piece.count))), Int(offset))
      guard count >= 0 else { throw fileFault("read", path) }
      if count == 0 { return }
      try body(UnsafeRawBufferPointer(rebasing: piece[..<count]))
      (offset, left) = (offset + Int64(count), left - Int64(count))
    }
  }
}
