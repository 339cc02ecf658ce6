public import SyncCore

/// The zip of `uploadChanges`, wholly checked: its changes, and the bytes of its files (sync-protocol.md 7.4). Those of
/// a large archive are read from it whenever they are needed, by one thread at a time.
public struct MediaZip: Sendable {
  public struct Limits: Sendable {
    /// Bytes of one file, of all of them together, and of `_meta`.
    public var file: Int64 = 100 << 20
    public var total: Int64 = 110 << 20
    public var list: Int64 = 50 << 10
    /// Bytes of files that are unpacked only once, and kept: of an archive that is in memory itself.
    public var kept: Int64 = 1 << 20

    public init() {}
  }

  public let changes: [MediaChange]
  /// Bytes for each of the contents that the changes bring.
  public let blobs: [BlobSource]

  public static func reading(bytes: [UInt8], _ limits: Limits = Limits()) throws -> MediaZip {
    try MediaZip(.bytes(bytes), limits)
  }
  /// The file must stay for as long as blobs are read.
  public static func reading(path: String, _ limits: Limits = Limits()) throws -> MediaZip {
    try MediaZip(.file(path: path), limits)
  }

  /// - Throws: `invalid` and `tooLarge` for what the client sent.
  private init(_ origin: ZipReader.Origin, _ limits: Limits) throws {
    do {
      let archive = try ZipReader(origin)
      let items = try Self.items(archive, limits)
      var contents: [String: MediaContent] = [:]
      var blobs: [BlobDigest: BlobSource] = [:]
      var mayKeep = origin.isInMemory ? limits.kept : 0
      for (index, member) in try Self.members(items, archive, limits) {
        let isKept = member.size <= mayKeep
        if isKept { mayKeep -= member.size }
        let blob = try isKept ? BlobSource(archive.bytes(of: member)) : Self.blob(member, archive)
        contents[index] = blob.content
        blobs[blob.content.digest] = blob
      }
      changes = items.map { MediaChange($0.name, $0.index.flatMap { contents[$0] }) }
      self.blobs = Array(blobs.values)
    } catch ZipReader.Fault.damaged(let reason) {
      throw SyncError(.invalid, "the media zip cannot be read: \(reason)")
    }
  }

  // MARK: The list of changes

  private struct Item {
    let name: String
    /// The member's name; nil for a deletion.
    let index: String?
  }

  private static func items(_ archive: ZipReader, _ limits: Limits) throws -> [Item] {
    guard let list = archive.members[Array("_meta".utf8)] else { throw refusal("_meta is missing") }
    guard list.size <= limits.list else { throw refusal("_meta is too large") }
    var bytes: [UInt8] = []
    try archive.read(list) { bytes.append(contentsOf: $0) }
    guard let rows = (try? JSONValue(parsing: bytes))?.array else { throw refusal("_meta is not a list") }
    guard rows.count <= MediaSync.itemsPerRequest else { throw refusal("more than 25 items") }
    return try rows.map(item)
  }

  private static func item(_ row: JSONValue) throws -> Item {
    guard let pair = row.array, pair.count == 2, let name = pair[0].string else {
      throw refusal("_meta is not a list of pairs")
    }
    // Deletions are null, or empty where Python or AnkiDroid wrote them.
    if pair[1].isNull { return Item(name: name, index: nil) }
    guard let index = pair[1].string else { throw refusal("_meta is not a list of pairs") }
    return Item(name: name, index: index.isEmpty ? nil : index)
  }

  // MARK: The files

  /// The members that are named, by their indexes as they were written.
  private static func members(
    _ items: [Item], _ archive: ZipReader, _ limits: Limits
  ) throws -> [(String, ZipReader.Member)] {
    var named: Set<[UInt8]> = []
    var members: [(String, ZipReader.Member)] = []
    var total: Int64 = 0
    for index in items.compactMap(\.index) {
      guard named.insert(Array(index.utf8)).inserted else { throw refusal("_meta names one member twice") }
      guard let member = archive.members[Array(index.utf8)] else { throw refusal("_meta names a missing member") }
      guard member.size > 0 else { throw refusal("a file without a byte") }
      guard member.size <= limits.file else { throw refusal("a file is larger than \(limits.file) bytes") }
      total += member.size
      members.append((index, member))
    }
    guard total <= limits.total else { throw SyncError(.tooLarge, "the files are larger than \(limits.total) bytes") }
    return members
  }

  private static func blob(_ member: ZipReader.Member, _ archive: ZipReader) throws -> BlobSource {
    var digest = BlobDigest.Builder()
    try archive.read(member) { digest.add($0) }
    let content = MediaContent(digest: digest.digest(), size: member.size)
    return BlobSource(content) { try archive.read(member, $0) }
  }

  private static func refusal(_ reason: String) -> SyncError { SyncError(.invalid, "media zip: \(reason)") }
}
