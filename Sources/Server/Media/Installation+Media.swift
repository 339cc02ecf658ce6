import SyncCore

extension Installation {
  /// Where the bytes of media files and kept generations are.
  /// - Parameters:
  ///   - clock: milliseconds since 1970.
  ///   - temporary: the path of a new file on the file system of the data.
  func blobs(
    _ clock: @escaping @Sendable () -> Int64, temporary: @escaping @Sendable () -> String
  ) -> any BlobStore {
    let files = FileBlobs(dataRoot: configuration.text(.dataRoot), temporary: temporary, clock: clock)
    let rows = RowBlobs(users, clock: clock)
    return configuration.text(.mediaStore) == "rows"
      ? EitherBlobs(chosen: rows, other: files) : EitherBlobs(chosen: files, other: rows)
  }
}

extension MediaQuota {
  init(_ configuration: Configuration) {
    let megabytes = Int64(configuration.integer(.mediaQuota))
    self.init(bytes: megabytes == 0 ? nil : megabytes << 20)
  }
}
