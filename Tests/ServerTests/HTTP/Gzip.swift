import CZlib

extension [UInt8] {
  /// As one gzip member.
  var gzip: [UInt8] {
    var stream = z_stream()
    let size = Int32(MemoryLayout<z_stream>.size)
    deflateInit2_(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size)
    defer { deflateEnd(&stream) }
    var input = self
    var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(count))))
    let room = UInt32(output.count)
    return input.withUnsafeMutableBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output in
        (stream.next_in, stream.avail_in) = (input.baseAddress, UInt32(input.count))
        (stream.next_out, stream.avail_out) = (output.baseAddress, room)
        deflate(&stream, Z_FINISH)
        return [UInt8](output[..<Int(room - stream.avail_out)])
      }
    }
  }
}
