import Crypto
import Logging

/// What the log says about one request: who, what, how long, how much, and why not. Never a key, a password or content.
struct RequestLog: Sendable, Equatable {
  /// The sync method, or the address where there is no such method.
  var method: String
  var user = ""
  /// Where the request came from; told of those that were refused.
  var address = ""
  /// The client's version, as it gave it.
  var client = ""
  /// Some digits of the session key's digest: enough to tell the calls of one sync, useless as a key.
  var session = ""
  /// As they went over the wire.
  var bytesIn = 0
  var bytesOut = 0
  var status = 0
  var milliseconds: Int64 = 0
  /// Why the request was refused, or what went wrong.
  var cause: String?

  init(method: String) { self.method = method }

  mutating func identify(_ head: SyncHead) {
    client = head.client
    session = head.session.isEmpty ? "" : Self.digest(head.session)
  }

  func write(to logger: Logger) {
    var values: Logger.Metadata = [
      "in": "\(bytesIn)", "ms": "\(milliseconds)", "out": "\(bytesOut)", "status": "\(status)",
    ]
    for (key, value) in [("user", user), ("client", client), ("session", session)] where !value.isEmpty {
      values[key] = "\(value)"
    }
    if let cause {
      values["cause"] = "\(cause)"
      values["from"] = "\(address)"
    }
    // A fault of ours is shown to who asked to see faults only.
    logger.log(level: status >= 500 ? .error : .info, "\(method)", metadata: values)
  }

  static func digest(_ secret: String) -> String { SHA256.hash(data: Array(secret.utf8)).prefix(3).hex }
}
