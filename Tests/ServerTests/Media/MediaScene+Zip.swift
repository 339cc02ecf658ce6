import SyncCore

@testable import AnkiFormats

extension MediaScene {
  /// The zip of an upload, as a client makes it: members by their place in the list, none for deletions.
  static func zip(_ files: [(String, String?)]) -> [UInt8] {
    var members: [(name: String, data: [UInt8])] = []
    var list: [JSONValue] = []
    for (index, file) in files.enumerated() {
      list.append(.array([.string(file.0), file.1 == nil ? .null : .string("\(index)")]))
      if let text = file.1 { members.append(("\(index)", Array(text.utf8))) }
    }
    return stored(members + [("_meta", JSONWriter.bytes(of: .array(list)))])
  }

  /// The files of a download, by the names that its `_meta` gives them.
  static func contents(of origin: ZipReader.Origin) throws -> [String: String] {
    let zip = try ZipReader(origin)
    func text(_ name: String) throws -> String? {
      guard let member = zip.members[Array(name.utf8)] else { return nil }
      var bytes: [UInt8] = []
      try zip.read(member) { bytes += $0 }
      return String(decoding: bytes, as: UTF8.self)
    }
    let list = try JSONValue(parsing: Array((try text("_meta") ?? "").utf8)).object
    var files: [String: String] = [:]
    for member in list?.members ?? [] { files[member.value.string ?? ""] = try text(member.key) }
    return files
  }

  private static func stored(_ members: [(name: String, data: [UInt8])]) -> [UInt8] {
    var (body, directory): ([UInt8], [UInt8]) = ([], [])
    for member in members {
      let name = Array(member.name.utf8)
      let common =
        number(0, 8) + number(crc(member.data), 4) + number(member.data.count, 4) + number(member.data.count, 4)
        + number(name.count, 2) + number(0, 2)
      directory += number(0x0201_4B50, 4) + number(20, 2) + number(20, 2) + common + number(0, 10)
      directory += number(body.count, 4) + name
      body += number(0x0403_4B50, 4) + number(20, 2) + common + name + member.data
    }
    return body + directory + number(0x0605_4B50, 4) + number(0, 4) + number(members.count, 2)
      + number(members.count, 2) + number(directory.count, 4) + number(body.count, 4) + number(0, 2)
  }

  private static func number(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 < 8 ? value >> ($0 * 8) : 0) }
  }

  private static func crc(_ bytes: [UInt8]) -> Int {
    var crc: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    return Int(~crc)
  }
}
