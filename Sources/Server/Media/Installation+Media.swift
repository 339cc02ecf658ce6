import SyncCore

extension Installation {
  /// Where the bytes of media files and kept generations are.
  /// - Parameters:
  ///   - clock: milliseconds since 1970.
  ///   - temporary: the path of a new file on the file system of the data.
  func blobs(
    _ clock: @escaping @Sendable () -> Int64, temporary: @escaping @Sendable () -> String
  ) -> any BlobStore { EitherBlobs(configuration, users, clock, temporary: temporary) }
}

extension EitherBlobs {
  /// - Parameter users: keeps the users' schemas.
  init(
    _ configuration: Configuration, _ users: any Backend, _ clock: @escaping @Sendable () -> Int64,
    temporary: @escaping @Sendable () -> String
  ) {
    let files = FileBlobs(dataRoot: configuration.text(.dataRoot), temporary: temporary, clock: clock)
    let rows = RowBlobs(users, clock: clock)
    let isInRows = configuration.text(.mediaStore) == "rows"
    (chosen, other) = isInRows ? (rows, files) : (files, rows)
  }
}

extension MediaQuota {
  init(_ configuration: Configuration) {
    let megabytes = Int64(configuration.integer(.mediaQuota))
    self.init(bytes: megabytes == 0 ? nil : megabytes << 20)
  }
}
