/// Bytes that are put one behind the other and used up before the next ones come. Nobody shares them, so unlike an
/// array they need no look at who else has them with every byte, nor at who else is just using them: rows come by the
/// million.
final class ByteRun {
  @exclusivity(unchecked) private(set) var count = 0
  @exclusivity(unchecked) private var memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 12, alignment: 8)

  deinit { memory.deallocate() }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[..<count]) }

  func clear() { count = 0 }

  func append(_ byte: UInt8) {
    reserve(1)
    memory[count] = byte
    count += 1
  }

  /// Adds the lowest bytes of a number, the most significant first.
  func append(_ value: Int64, width: Int) {
    reserve(8)
    let shifted = value << Int64(64 - 8 * width)
    memory.storeBytes(of: shifted.bigEndian, toByteOffset: count, as: Int64.self)
    count += width
  }

  func append(_ other: UnsafeRawBufferPointer) {
    reserve(other.count)
    UnsafeMutableRawBufferPointer(rebasing: memory[count..<count + other.count]).copyMemory(from: other)
    count += other.count
  }

  /// Adds an integer of SQLite's of one to nine bytes: seven bits in each, the most significant first
  /// (sqlite.org/fileformat2.html, 1.6).
  func append(varint value: UInt64) {
    if value < 0x80 { return append(UInt8(truncatingIfNeeded: value)) }
    // With nine bytes the last one has all its eight bits.
    let isLong = value >> 56 != 0
    let high = isLong ? value >> 8 : value
    let width = isLong ? 8 : (70 - high.leadingZeroBitCount) / 7
    for index in (0..<width).reversed() {
      let isLast = index == 0 && !isLong
      append(UInt8(truncatingIfNeeded: high >> UInt64(7 * index)) & 0x7f | (isLast ? 0 : 0x80))
    }
    if isLong { append(UInt8(truncatingIfNeeded: value)) }
  }

  @inline(__always)
  private func reserve(_ more: Int) {
    if count + more > memory.count { grow(more) }
  }

  @inline(never)
  private func grow(_ more: Int) {
    let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: max(count + more, 2 * memory.count), alignment: 8)
    larger.copyMemory(from: bytes)
    memory.deallocate()
    memory = larger
  }
}
