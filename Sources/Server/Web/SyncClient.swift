/// A kind of client: where its person types the address, and what it makes of it (sync-protocol.md 2.2).
struct SyncClient: Sendable {
  struct Field: Sendable {
    let label: String
    /// What goes into it behind the server's address.
    let tail: String
  }

  /// Where a request goes, for the path that somebody typed.
  typealias Making = @Sendable (_ path: String) -> (collection: String, media: String)

  let name: String
  let place: String
  let fields: [Field]
  /// The paths of the first request for a collection and for media, when the same address is typed into each field.
  let requests: Making
  /// What the person should know of it where the address is `http`.
  var cautionWithoutTLS: String?

  static let all = [modern, ankiDroid16, ankiDroid8, environment, addOn]

  static let modern = SyncClient(
    name: "Anki desktop 2.1.57 and newer, AnkiDroid 2.17 and newer, AnkiMobile",
    place: "Anki: Preferences → Syncing → Self-hosted sync server. AnkiDroid: Settings → Sync → Custom sync server. "
      + "AnkiMobile: Settings → Syncing → Custom sync server.",
    fields: [Field(label: "Address", tail: "")],
    requests: { path in
      // What stands behind the last slash is dropped.
      let base = path.lastIndex(of: "/").map { path[...$0] } ?? "/"
      return (base + "sync/hostKey", base + "msync/begin")
    },
    cautionWithoutTLS: "An iPhone or iPad may refuse http; with https it works.")

  static let ankiDroid16 = SyncClient(
    name: "AnkiDroid 2.16",
    place: "Settings → Sync → Custom sync server",
    fields: [Field(label: "Sync url", tail: "")],
    requests: { path in
      let base = path.hasSuffix("/") ? path : path + "/"
      return (base + "sync/hostKey", base + "msync/begin")
    })

  static let ankiDroid8 = SyncClient(
    name: "AnkiDroid 2.8 to 2.15",
    place: "Settings → Advanced → Custom sync server",
    fields: [Field(label: "Sync url", tail: ""), Field(label: "Media sync url", tail: "msync")],
    requests: { path in
      let base = path.hasSuffix("/") ? path : path + "/"
      return (base + "sync/hostKey", base + "begin")
    },
    cautionWithoutTLS: "On Android 9 and newer these versions refuse http: use https, or AnkiDroid 2.16 or newer.")

  static let environment = SyncClient(
    name: "Anki desktop 2.1.28 to 2.1.56",
    place: "Environment variables, set before Anki starts; or the add-on below.",
    fields: [Field(label: "SYNC_ENDPOINT", tail: "sync/"), Field(label: "SYNC_ENDPOINT_MEDIA", tail: "msync/")],
    requests: { path in (path + "hostKey", path + "begin") })

  static let addOn = SyncClient(
    name: "Anki desktop 2.1.0 to 2.1.56 with the djankiserv add-on",
    place: "Tools → Sync server…",
    fields: [Field(label: "Address", tail: "")],
    requests: { path in
      let base = ServerAddress(scheme: "", host: "", target: path).path
      return (base + "sync/hostKey", base + "msync/begin")
    })
}
