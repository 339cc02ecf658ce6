import NIOCore
import NIOHTTP1

/// A request that is sent as it stands, over a connection of its own.
struct WebCall: Sendable {
  var method = HTTPMethod.POST
  /// From the root of the server.
  var path: String
  var headers: [(String, String)] = []
  var body: [[UInt8]] = []
  /// Whether the body goes without a length in its head.
  var isChunked = false
  /// Whether the body waits for the server's leave.
  var waits = false
  /// For all of it.
  var patience = TimeAmount.seconds(30)

  /// What came back.
  struct Answer: Sendable {
    var status = 0
    var headers = HTTPHeaders()
    /// Its beginning.
    var text = ""
  }
}

/// Why there was no answer.
enum WebFailure: Error, Sendable, Equatable {
  /// The name is not known.
  case noName
  /// Nobody takes the connection.
  case noConnection
  /// The encryption does not come about.
  case noTLS(String)
  /// What came is no HTTP, or the connection ended instead of it.
  case noAnswer
  case silence
}
