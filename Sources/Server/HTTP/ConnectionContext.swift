import Hummingbird
import NIOCore

/// Where a request comes from.
struct ConnectionContext: InitializableFromSource, Sendable {
  let channel: any Channel

  init(source: ApplicationRequestContextSource) { channel = source.channel }

  /// The peer's, for the login limits.
  var address: String { channel.remoteAddress?.ipAddress ?? "" }
}
