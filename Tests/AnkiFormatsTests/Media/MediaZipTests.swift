import Foundation
import SyncCore
import Testing

@testable import AnkiFormats

@Suite("Media zips")
struct MediaZipTests {
  typealias Zip = HandMadeZip
  typealias Member = HandMadeZip.Member

  struct Case: Sendable, CustomTestStringConvertible {
    let words: String
    let zip: [UInt8]
    /// The names of the changes, a deletion with a minus; nil where the zip is refused.
    let changes: [String]?
    var code = SyncError.Code.invalid
    var testDescription: String { words }

    init(_ words: String, _ zip: Zip, _ changes: [String]? = nil, code: SyncError.Code = .invalid) {
      self.init(words, zip.bytes, changes, code: code)
    }
    init(_ words: String, _ zip: [UInt8], _ changes: [String]? = nil, code: SyncError.Code = .invalid) {
      (self.words, self.zip, self.changes, self.code) = (words, zip, changes, code)
    }
  }

  private static let good = Zip.media([("a.txt", "1"), ("b.txt", nil), ("c.txt", "3")])
  private static let one = "[[\"a\",\"0\"]]"
  private static let zero = Member("0", "0123456789")
  private static func big(_ count: Int) -> Member { Member("0", String(repeating: "x", count: count)) }

  /// Small bounds, so that going beyond them is cheap.
  private static let limits: MediaZip.Limits = {
    var limits = MediaZip.Limits()
    (limits.file, limits.total, limits.list) = (1000, 1500, 2000)
    return limits
  }()

  static let readable = [
    Case("files and a deletion", good, ["a.txt", "-b.txt", "c.txt"]),
    Case("deflated", Zip.raw(one, zero.with { $0.method = 8 }), ["a"]),
    Case("deflated, with a descriptor", Zip.raw(one, zero.with { ($0.method, $0.hasDescriptor) = (8, true) }), ["a"]),
    Case("_meta deflated", Zip([zero, Member("_meta", one).with { $0.method = 8 }]), ["a"]),
    Case("_meta first", Zip([Member("_meta", one), zero]), ["a"]),
    Case("zip64", Zip.raw(one, zero.with { $0.isZip64 = true }), ["a"]),
    Case("a nested zip", Zip.raw(one, zero.with { $0.data = good.bytes }), ["a"]),
    Case("a symbolic link", Zip.raw(one, zero.with { $0.attributes = 0xA1FF_0000 }), ["a"]),
    Case("deletions alone", Zip.raw("[[\"a\",null],[\"b\",\"\"]]"), ["-a", "-b"]),
    Case("no changes", Zip.raw("[]"), []),
    Case("members that are not named", Zip.raw(one, zero, Member("junk", "x"), Member("../../x", "y")), ["a"]),
    Case("an unnamed member beyond the limit", Zip.raw(one, zero, big(1001).with { $0.name = [0x31] }), ["a"]),
    Case("an unnamed member of no bytes", Zip.raw(one, zero, Member("1", "")), ["a"]),
    Case("one file name twice", Zip.raw("[[\"a\",\"0\"],[\"a\",\"1\"]]", zero, Member("1", "x")), ["a", "a"]),
    Case("25 items", Zip.media((0..<25).map { ("\($0)", "\($0)") }), (0..<25).map(String.init)),
    Case("a file of the largest size", Zip.raw(one, big(1000)), ["a"]),
    Case("a comment", Zip.raw(one, zero).with { $0.comment = Array("PK comment".utf8) }, ["a"]),
    Case("any index", Zip.raw("[[\"a\",\"../x\"]]", zero.with { $0.name = Array("../x".utf8) }), ["a"]),
    Case("equal contents", Zip.raw("[[\"a\",\"0\"],[\"b\",\"1\"]]", zero, zero.with { $0.name = [0x31] }), ["a", "b"]),
  ]

  static let refused = [
    Case("nothing", []),
    Case("no zip", Array("this is not a zip archive, by no means".utf8)),
    Case("an end without a beginning", Array(good.bytes.suffix(22))),
    Case("a zip without members", Zip([])),
    Case("cut at the end", Array(good.bytes.dropLast(1))),
    Case("cut in the directory", Array(good.bytes.dropLast(40))),
    Case("cut in the middle", Array(good.bytes.prefix(good.bytes.count / 2))),
    Case("cut at the beginning", Array(good.bytes.dropFirst(5))),
    Case("something before it", Array("junk".utf8) + good.bytes),
    Case("something behind it", good.bytes + [0]),
    Case("more members than there are", good.with { $0.count = 9 }),
    Case("fewer members than there are", good.with { $0.count = 1 }),
    Case("a directory that is too long", good.with { $0.directorySize = 9999 }),
    Case("a directory that is too short", good.with { $0.directorySize = 20 }),
    Case("more members than any client sends", many(1001)),
    Case("one member name twice", Zip.raw(one, zero, zero)),
    Case("_meta twice", Zip.raw(one, zero, Member("_meta", "[]"))),
    Case("encrypted", Zip.raw(one, zero.with { $0.flags = 1 })),
    Case("encrypted, not named", Zip.raw(one, zero, Member("1", "x").with { $0.flags = 1 })),
    Case("bzip2", Zip.raw(one, zero.with { $0.method = 12 })),
    Case("LZMA", Zip.raw(one, zero.with { $0.method = 14 })),
    Case("zstd", Zip.raw(one, zero.with { $0.method = 93 })),
    Case("no method at all", Zip.raw(one, zero.with { $0.method = 999 })),
    Case("a wrong checksum", Zip.raw(one, zero.with { $0.crc = 1 })),
    Case("a wrong checksum of _meta", Zip([zero, Member("_meta", one).with { $0.crc = 1 }])),
    Case("a size that is too small", Zip.raw(one, zero.with { ($0.method, $0.size) = (8, 9) })),
    Case("a size that is too large", Zip.raw(one, zero.with { ($0.method, $0.size) = (8, 11) })),
    Case("a stored size that lies", Zip.raw(one, zero.with { $0.size = 5 })),
    Case("a local name that differs", Zip.raw(one, zero.with { $0.localName = Array("9".utf8) })),
    Case("a local size that differs", Zip.raw(one, zero.with { $0.localSize = 99 })),
    Case(
      "deflated data that is none",
      Zip.raw(one, zero.with { $0.method = 8 }).with { zip in
        zip.members[0].method = 0
        zip.members[0].data = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF]
        zip.members[0].crc = 0
      }),
    Case("_meta is missing", Zip([zero])),
    Case("_meta is too long", Zip.raw("[]" + String(repeating: " ", count: 2000))),
    Case("_meta is empty", Zip.raw("")),
    Case("_meta is no JSON", Zip.raw("[[\"a\"")),
    Case("_meta is an object", Zip.raw("{\"0\":\"a\"}", zero)),
    Case("_meta is a text", Zip.raw("\"a\"")),
    Case("a pair that is none", Zip.raw("[\"a\",\"0\"]", zero)),
    Case("a pair of one", Zip.raw("[[\"a\"]]", zero)),
    Case("a pair of three", Zip.raw("[[\"a\",\"0\",1]]", zero)),
    Case("a name that is no text", Zip.raw("[[1,\"0\"]]", zero)),
    Case("a name that is null", Zip.raw("[[null,\"0\"]]", zero)),
    Case("an index that is no text", Zip.raw("[[\"a\",0]]", zero)),
    Case("an index twice", Zip.raw("[[\"a\",\"0\"],[\"b\",\"0\"]]", zero)),
    Case("an index without a member", Zip.raw("[[\"a\",\"7\"]]", zero)),
    Case("an index that is only like a member's", Zip.raw("[[\"a\",\"00\"]]", zero)),
    Case("26 items", Zip.media((0..<26).map { ("\($0)", "\($0)") })),
    Case("26 deletions", Zip.media((0..<26).map { ("\($0)", nil) })),
    Case("a file without a byte", Zip.raw(one, Member("0", ""))),
    Case("a folder", Zip.raw("[[\"a\",\"x/\"]]", Member("x/", ""))),
    Case("a file that is too large", Zip.raw(one, big(1001))),
    Case("a file that says it is huge", Zip.raw(one, zero.with { ($0.size, $0.method) = (0xFFFF_FFF0, 8) })),
    Case(
      "files that are too large together",
      Zip.raw("[[\"a\",\"0\"],[\"b\",\"1\"]]", big(800), big(800).with { $0.name = [0x31] }), code: .tooLarge),
  ]

  private static func many(_ count: Int) -> Zip {
    Zip((0..<count).map { Member("\($0)", "x") } + [Member("_meta", one)])
  }

  @Test("F17: a zip that can be read gives its changes", arguments: readable)
  func reads(given: Case) throws {
    for zip in try both(given.zip) {
      #expect(zip.changes.map { ($0.file == nil ? "-" : "") + $0.name } == given.changes)
    }
  }

  @Test("F17: a zip that breaks a rule is refused as a whole", arguments: refused)
  func refuses(given: Case) throws {
    try onDisk(given.zip) { path in
      for isFile in [false, true] {
        do {
          _ =
            try isFile
            ? MediaZip.reading(path: path, Self.limits) : MediaZip.reading(bytes: given.zip, Self.limits)
          Issue.record("\(given.words) was not refused")
        } catch let error as SyncError {
          #expect(error.code == given.code)
        }
      }
    }
  }

  @Test("the bytes of a file are read as they were written, again and again")
  func bytes() throws {
    let data = String(repeating: "many bytes. ", count: 80)
    let zip = Zip.raw("[[\"a\",\"0\"],[\"b\",\"1\"]]", Member("0", data), Member("1", "x").with { $0.method = 8 })
    for zip in try both(zip.bytes) {
      let texts = try zip.blobs.map { blob in
        try text(of: blob) == text(of: blob) ? try text(of: blob) : "not the same"
      }
      #expect(Set(texts) == [data, "x"])
      for blob in zip.blobs {
        var builder = BlobDigest.Builder()
        try blob.pieces { builder.add($0) }
        #expect(builder.digest() == blob.content.digest)
      }
    }
  }

  @Test("a zip within a zip may have more members than are taken", arguments: [1001, 2500])
  func nested(count: Int) throws {
    let inner = Self.many(count).bytes
    let zip = try MediaZip.reading(bytes: Zip.raw(Self.one, Self.zero.with { $0.data = inner }).bytes)
    #expect(zip.changes.map(\.file?.size) == [Int64(inner.count)])
  }

  @Test("equal contents are one blob")
  func equalContents() throws {
    let zip = try MediaZip.reading(bytes: Zip.media([("a", "same"), ("b", "same"), ("c", "other")]).bytes)
    #expect(zip.blobs.count == 2)
    #expect(zip.changes[0].file == zip.changes[1].file)
  }

  @Test("files beyond what is kept in memory are read from the archive", arguments: [0, 5, 6, 11, 100])
  func kept(bytes: Int64) throws {
    var limits = Self.limits
    limits.kept = bytes
    let zip = try MediaZip.reading(
      bytes: HandMadeZip.media([("a", "first"), ("b", "second"), ("c", "third")]).bytes, limits)
    for _ in 1...2 { #expect(try Set(zip.blobs.map(text)) == ["first", "second", "third"]) }
  }

  @Test("what is written for a download is read as it was meant", arguments: [0, 1, 20, 40, 60, 100, 1000])
  func writing(inMemory most: Int) throws {
    let path = FileManager.default.temporaryDirectory.path + "/media-\(UUID().uuidString)"
    defer { unlink(path) }
    let writer = MediaZipWriter(spilling: path, beyond: most, expecting: 13)
    writer.begin("é 日本.txt", size: 3)
    for byte in "234".utf8 { try [byte].withUnsafeBytes(writer.add) }
    writer.begin("b\"c", size: 10)
    try Array("0123456789".utf8).withUnsafeBytes(writer.add)
    writer.begin("empty", size: 0)
    let zip = try ZipReader(origin(of: try writer.finish()))
    let files = try zip.members.mapValues { String(decoding: try zip.bytes(of: $0), as: UTF8.self) }
    #expect(files[Array("0".utf8)] == "234" && files[Array("1".utf8)] == "0123456789" && files.count == 4)
    #expect(files[Array("2".utf8)]?.isEmpty == true && !FileManager.default.fileExists(atPath: path + "~"))
    let names = try JSONValue(parsing: Array(#require(files[Array("_meta".utf8)]).utf8))
    #expect(names == .object(["0": .string("é 日本.txt"), "1": .string("b\"c"), "2": .string("empty")]))
  }

  private func origin(of archive: MediaZipWriter.Archive) throws -> ZipReader.Origin {
    switch archive {
    case .bytes(let bytes): return .bytes(bytes)
    case .file(let path, let size):
      #expect(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int == size)
      return .file(path: path)
    }
  }

  @Test("a zip that is not finished leaves nothing behind")
  func unfinished() throws {
    let path = FileManager.default.temporaryDirectory.path + "/media-\(UUID().uuidString)"
    let writer = MediaZipWriter(spilling: path, beyond: 2, expecting: 3)
    writer.begin("a", size: 9)
    try Array("123".utf8).withUnsafeBytes(writer.add)
    #expect(FileManager.default.fileExists(atPath: path + "~"))
    writer.discard()
    #expect(!FileManager.default.fileExists(atPath: path + "~"))
  }

  @Test("a zip that cannot be written is unavailable")
  func unwritable() throws {
    let writer = MediaZipWriter(spilling: "/proc/there/is/none", beyond: 2, expecting: 3)
    writer.begin("a", size: 3)
    #expect(throws: StorageError.self) { try Array("123".utf8).withUnsafeBytes(writer.add) }
  }

  private func both(_ bytes: [UInt8]) throws -> [MediaZip] {
    try onDisk(bytes) { path in
      [try MediaZip.reading(bytes: bytes, Self.limits), try MediaZip.reading(path: path, Self.limits)]
    }
  }

  private func text(of blob: BlobSource) throws -> String {
    var bytes: [UInt8] = []
    try blob.pieces { bytes += $0 }
    return String(decoding: bytes, as: UTF8.self)
  }

  private func onDisk<T>(_ bytes: [UInt8], _ body: (String) throws -> T) throws -> T {
    let path = FileManager.default.temporaryDirectory.path + "/media-\(UUID().uuidString)"
    try Data(bytes).write(to: URL(filePath: path))
    defer { unlink(path) }
    return try body(path)
  }
}
