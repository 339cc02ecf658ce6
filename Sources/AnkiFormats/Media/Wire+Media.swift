public import SyncCore

/// The JSON of the media sync (sync-protocol.md 7). Every answer is wrapped.
extension Wire {
  /// Reads the body of `mediaChanges`.
  public static func mediaChanges(_ bytes: some Collection<UInt8>) throws(SyncError) -> Int64 {
    try object(bytes, "mediaChanges").required("lastUsn", \.int)
  }

  /// Reads the body of `downloadFiles`.
  public static func downloadFiles(_ bytes: some Collection<UInt8>) throws(SyncError) -> [String] {
    try object(bytes, "downloadFiles").required("files") { value in
      guard let names = value.array?.map(\.string), !names.contains(nil) else { return nil }
      return names.compactMap { $0 }
    }
  }

  /// Reads the body of `mediaSanity`.
  public static func mediaSanity(_ bytes: some Collection<UInt8>) throws(SyncError) -> Int64 {
    try object(bytes, "mediaSanity").required("local", \.int)
  }

  public static func encode(mediaBegin usn: Int64, key: String) -> [UInt8] {
    wrapped(.object(["usn": .int(usn), "sk": .string(key)]))
  }

  public static func encode(mediaChanges entries: [MediaEntry]) -> [UInt8] {
    wrapped(
      .array(
        entries.map { entry in
          .array([.string(entry.name.string), .int(entry.usn), .string(entry.file?.digest.hex ?? "")])
        }))
  }

  public static func encode(_ outcome: MediaOutcome) -> [UInt8] {
    wrapped(.array([.int(outcome.processed), .int(outcome.usn)]))
  }

  public static func encode(isMediaSane: Bool) -> [UInt8] { wrapped(.string(isMediaSane ? "OK" : "mediaSanity")) }

  /// What the client shows instead of going on.
  public static func encode(mediaProblem text: String) -> [UInt8] {
    JSONWriter.bytes(of: .object(["data": .null, "err": .string(text)]))
  }

  private static func wrapped(_ value: JSONValue) -> [UInt8] {
    JSONWriter.bytes(of: .object(["data": value, "err": .string("")]))
  }
}
