/// Blobs are in use by media files, and by the generations that are kept.
extension RowReader {
  /// Every blob that is in use.
  public func usedBlobs() throws -> Set<BlobDigest> { Set(try usedContents().map(\.digest)) }

  /// The contents of every blob that is in use.
  public func usedContents() throws -> Set<MediaContent> {
    try mediaContents().union(try fetch(GenerationPart.self, .all).compactMap(\.content))
  }

  /// The contents of the media files.
  public func mediaContents() throws -> Set<MediaContent> {
    var contents: Set<MediaContent> = []
    try scan(MediaEntry.self) { entry in
      if let content = entry.file { contents.insert(content) }
    }
    return contents
  }

  /// Those of the blobs that are not in use.
  public func unused(_ digests: [BlobDigest]) throws -> [BlobDigest] {
    let kept = try keptBlobs()
    return try digests.filter { try !kept.contains($0) && !isMedia($0) }
  }

  private func keptBlobs() throws -> Set<BlobDigest> {
    Set(try fetch(GenerationPart.self, .all).compactMap(\.content?.digest))
  }

  private func isMedia(_ digest: BlobDigest) throws -> Bool {
    try fetch(MediaEntry.self, .owned(by: digest.prefix)).contains { $0.sha1 == digest.bytes }
  }
}
