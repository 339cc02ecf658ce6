import AnkiFormats
import Foundation
import NIOCore
import SyncCore

/// A file on its way out. Whoever made it is told as the last reference goes, whether it was sent or not.
final class ServedFile: Sendable {
  let path: String
  let size: Int
  private let done: @Sendable () -> Void

  init(path: String, size: Int, done: @escaping @Sendable () -> Void) {
    (self.path, self.size, self.done) = (path, size, done)
  }

  deinit { done() }
}

/// Reads a file and frames it, piece by piece. Every call blocks: use it on threads that may.
///
/// Unchecked: it is used by one thread at a time, since whoever asks for a piece waits for it before the next.
final class FileSource: @unchecked Sendable {
  /// Kept so that it is given back after the last piece, not before.
  private let file: ServedFile
  private let descriptor: Int32
  private let encoder: ZstdEncoder?
  private var offset = 0
  private var isEnded = false
  private var input = [UInt8](repeating: 0, count: pieceSize)

  static let pieceSize = 256 << 10
  /// A piece that compresses to less is joined by the next, so that few are sent.
  private static let worthSending = 32 << 10

  init(_ file: ServedFile, _ framing: ReplyFraming) throws {
    (self.file, encoder) = (file, try framing.encoder(size: file.size))
    descriptor = open(file.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw StagedFile.error("open") }
  }

  deinit { close(descriptor) }

  /// The next bytes to send; nil after the last.
  func next() throws -> ByteBuffer? {
    guard !isEnded else { return nil }
    var output = ByteBuffer()
    while !isEnded && output.readableBytes < Self.worthSending {
      let count = try read()
      isEnded = offset == file.size
      try input[..<count].withUnsafeBytes { try frame($0, into: &output) }
    }
    return output
  }

  private func frame(_ bytes: UnsafeRawBufferPointer, into output: inout ByteBuffer) throws {
    guard let encoder else {
      output.writeBytes(bytes)
      return
    }
    try encoder.encode(bytes) { output.writeBytes($0) }
    if isEnded { try encoder.finish { output.writeBytes($0) } }
  }

  private func read() throws -> Int {
    let wanted = min(input.count, file.size - offset)
    guard wanted > 0 else { return 0 }
    let count = input.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, wanted, off_t(offset)) }
    guard count >= 0 else { throw StagedFile.error("read") }
    guard count > 0 else { throw SyncError(.failed, "a file ended before its size") }
    offset += count
    return count
  }
}
