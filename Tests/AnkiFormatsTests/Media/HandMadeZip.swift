/// A zip archive written by hand, so that every lie can be told.
struct HandMadeZip: Sendable {
  struct Member: Sendable {
    var name: [UInt8]
    var data: [UInt8]
    var method: UInt64 = 0
    var flags: UInt64 = 0
    /// What the headers say instead of the truth.
    var crc: UInt64?
    var size: UInt64?
    var localName: [UInt8]?
    var localSize: UInt64?
    var isZip64 = false
    var hasDescriptor = false
    var attributes: UInt64 = 0

    init(_ name: String, _ data: String) { (self.name, self.data) = (Array(name.utf8), Array(data.utf8)) }

    func with(_ change: (inout Member) -> Void) -> Member {
      var copy = self
      change(&copy)
      return copy
    }
  }

  var members: [Member]
  /// Around and behind the archive.
  var before: [UInt8] = []
  var comment: [UInt8] = []
  var count: UInt64?
  var directorySize: UInt64?

  init(_ members: [Member]) { self.members = members }

  /// A media zip of these files; a file without contents is a deletion.
  static func media(_ files: [(String, String?)]) -> HandMadeZip {
    var list: [String] = []
    var members: [Member] = []
    for (index, (name, data)) in files.enumerated() {
      list.append("[\"\(name)\",\(data == nil ? "null" : "\"\(index)\"")]")
      if let data { members.append(Member("\(index)", data)) }
    }
    return HandMadeZip(members + [Member("_meta", "[\(list.joined(separator: ","))]")])
  }

  static func raw(_ list: String, _ files: Member...) -> HandMadeZip { HandMadeZip(files + [Member("_meta", list)]) }

  func with(_ change: (inout HandMadeZip) -> Void) -> HandMadeZip {
    var copy = self
    change(&copy)
    return copy
  }

  var bytes: [UInt8] {
    var body = before
    var directory: [UInt8] = []
    for member in members {
      directory += central(member, offset: UInt64(body.count))
      body += local(member)
    }
    let offset = UInt64(body.count)
    let size = directorySize ?? UInt64(directory.count)
    let number = count ?? UInt64(members.count)
    return body + directory + Self.number(0x0605_4B50, 4) + Self.number(0, 4) + Self.number(number, 2)
      + Self.number(number, 2) + Self.number(size, 4) + Self.number(offset, 4)
      + Self.number(UInt64(comment.count), 2) + comment
  }

  private func local(_ member: Member) -> [UInt8] {
    let name = member.localName ?? member.name
    let packed = Self.packed(member)
    let size = member.localSize ?? member.size ?? UInt64(member.data.count)
    let extra = member.isZip64 ? Self.extra64(size, packed) : []
    let shown = member.hasDescriptor ? 0 : size
    let sizes =
      member.isZip64
      ? Self.number(0xFFFF_FFFF, 4) + Self.number(0xFFFF_FFFF, 4)
      : Self.number(member.hasDescriptor ? 0 : UInt64(packed.count), 4) + Self.number(shown, 4)
    let head =
      Self.number(0x0403_4B50, 4) + Self.number(20, 2) + Self.number(flags(member), 2) + Self.number(member.method, 2)
      + Self.number(0, 4) + Self.number(member.hasDescriptor ? 0 : crc(member), 4) + sizes
      + Self.number(UInt64(name.count), 2) + Self.number(UInt64(extra.count), 2) + name + extra
    let descriptor =
      member.hasDescriptor
      ? Self.number(0x0807_4B50, 4) + Self.number(crc(member), 4) + Self.number(UInt64(packed.count), 4)
        + Self.number(size, 4) : []
    return head + packed + descriptor
  }

  private func central(_ member: Member, offset: UInt64) -> [UInt8] {
    let packed = Self.packed(member)
    let size = member.size ?? UInt64(member.data.count)
    let extra = member.isZip64 ? Self.extra64(size, packed) : []
    let sizes =
      member.isZip64
      ? Self.number(0xFFFF_FFFF, 4) + Self.number(0xFFFF_FFFF, 4)
      : Self.number(UInt64(packed.count), 4) + Self.number(size, 4)
    return Self.number(0x0201_4B50, 4) + Self.number(0x0314, 2) + Self.number(20, 2) + Self.number(flags(member), 2)
      + Self.number(member.method, 2) + Self.number(0, 4) + Self.number(crc(member), 4) + sizes
      + Self.number(UInt64(member.name.count), 2) + Self.number(UInt64(extra.count), 2) + Self.number(0, 6)
      + Self.number(member.attributes, 4) + Self.number(offset, 4) + member.name + extra
  }

  private func flags(_ member: Member) -> UInt64 { member.flags | (member.hasDescriptor ? 8 : 0) }
  private func crc(_ member: Member) -> UInt64 { member.crc ?? Self.crc(member.data) }

  /// Deflated data is one block that is only stored.
  private static func packed(_ member: Member) -> [UInt8] {
    guard member.method == 8 else { return member.data }
    let count = UInt64(member.data.count)
    return [1] + number(count, 2) + number(~count & 0xFFFF, 2) + member.data
  }
  private static func extra64(_ size: UInt64, _ packed: [UInt8]) -> [UInt8] {
    number(1, 2) + number(16, 2) + number(size, 8) + number(UInt64(packed.count), 8)
  }

  static func number(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 < 8 ? value >> UInt64($0 * 8) : 0) }
  }

  private static func crc(_ bytes: [UInt8]) -> UInt64 {
    var crc: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    return UInt64(~crc)
  }
}
