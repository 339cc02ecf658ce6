/// What becomes of an address that somebody typed into a client of one kind.
struct AddressVerdict: Sendable, Equatable {
  enum Grade: String, Sendable { case works, maybe, fails }

  var client: String
  var grade: Grade
  var words: String
  /// What the client asks for first, as whole addresses.
  var requests: [String] = []

  /// - Parameter own: where this server is, as far as it knows.
  init(_ client: SyncClient, _ typed: TypedAddress, at own: ServerAddress) {
    let host = typed.hasPort ? "\(typed.name):\(typed.port)" : typed.name
    let (collection, media) = client.requests(typed.path)
    self.client = client.name
    requests = [collection, media].map { path in
      // Glued to a host without a slash, the method becomes a part of its name (sync-protocol.md 2.2).
      "\(typed.scheme)://\(host)\(path)"
    }
    if !collection.hasPrefix("/") || !media.hasPrefix("/") {
      (grade, words) = (.fails, "It needs a slash at its end.")
    } else if SyncRoute(target: collection) != .sync(.hostKey) || SyncRoute(target: media) != .sync(.begin) {
      (grade, words) = (.fails, "This client would ask for something that is not there. End the address with a slash.")
    } else if !collection.hasPrefix(own.path) || !media.hasPrefix(own.path) {
      (grade, words) = (.fails, "This client leaves out a part of the path. It must begin with \(own.path)")
    } else if typed.scheme == "http", !typed.isLoopback, let caution = client.cautionWithoutTLS {
      (grade, words) = (.maybe, caution)
    } else {
      (grade, words) = (.works, "Works.")
    }
  }

  /// Why the address may lead elsewhere, whatever a client makes of it; nil where it leads here.
  static func doubt(about typed: TypedAddress, at own: ServerAddress) -> String? {
    guard let here = try? TypedAddress(own.text) else { return nil }
    if typed.name != here.name {
      return "This page cannot know whether \(typed.name) leads here; it was opened as \(here.name)."
    }
    if typed.scheme != here.scheme {
      return "This page was opened by \(here.scheme), and the address says \(typed.scheme)."
    }
    if typed.port != here.port {
      let port = typed.hasPort ? "port \(typed.port)" : "no port, which means port \(typed.port)"
      return "This page was opened at port \(here.port), and the address has \(port)."
    }
    return nil
  }
}
