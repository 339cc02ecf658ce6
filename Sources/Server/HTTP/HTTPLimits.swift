/// What a request may cost before it is let go (DESIGN, "Bounds").
struct HTTPLimits: Sendable {
  /// Connections that are open at once; further ones wait in the backlog.
  var connections = 2_000
  /// How long a connection may be silent between two requests.
  var idle = Duration.seconds(120)
  /// How long the head of a request may take, from its first byte on; and a TLS handshake.
  var head = Duration.seconds(30)
  /// How long a body may pause. Clients give up after 60 s themselves (sync-protocol.md 2.6).
  var bodyPause = Duration.seconds(75)
  /// From the head of a request to the end of its answer.
  var request = Duration.seconds(30 * 60)

  /// What the bodies of all requests may hold in memory, in bytes.
  var memory = 64 << 20
  /// How long a body waits for its share of that.
  var memoryPatience = Duration.seconds(10)
  /// The largest body that stays in memory, in bytes; what is larger goes through a file.
  var memoryPerBody = 1 << 20

  /// What bodies may hold in files while it is not known who sends them, in bytes: old clients may say so last
  /// (sync-protocol.md 2.4).
  var unclaimed = 4 << 30

  /// How long an answer may take before its head is sent ahead of it (sync-protocol.md 2.6, H-2).
  var headPatience = Duration.seconds(20)
}
