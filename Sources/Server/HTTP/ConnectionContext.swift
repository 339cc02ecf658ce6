import Hummingbird
import NIOCore

/// Where a request comes from.
struct ConnectionContext: InitializableFromSource, Sendable {
  let channel: any Channel
  /// The client's, for the login limits and the log: the peer's, unless that is a proxy whose word is taken.
  var address: String
  /// Whether the peer is a proxy whose word is taken.
  var isVouchedFor = false

  init(source: ApplicationRequestContextSource) {
    channel = source.channel
    address = channel.remoteAddress?.ipAddress ?? ""
  }
}
