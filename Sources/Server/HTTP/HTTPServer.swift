import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import UnixSignals

/// Serves sync clients at one address until it is told to stop; then lets the requests in flight end.
struct HTTPServer: Service {
  /// A name or address of this machine.
  var host: String
  /// 0: any that is free.
  var port: Int
  var limits = HTTPLimits()
  /// Nil: plain http.
  var certificate: ServedCertificate?
  var proxies = TrustedProxies()
  var hosts = AllowedHosts()
  /// The folder for bodies that do not fit into memory. It exists and belongs to this process alone.
  var folder: String
  var handler: any SyncHandling
  var logger: Logger
  /// Told the port when connections are accepted.
  var onRunning: @Sendable (_ port: Int) async -> Void = { _ in }

  /// Threads that wait for the disk: enough that a few large transfers do not wait for each other.
  private static let threads = 8

  func run() async throws {
    let threads = NIOThreadPool(numberOfThreads: Self.threads)
    threads.start()
    do { try await application(threads).run() } catch {
      try await threads.shutdownGracefully()
      throw error
    }
    try await threads.shutdownGracefully()
  }

  /// Half of the files that may be open: the rest is for bodies and data.
  private var connections: Int { min(limits.connections, OpenFiles.limit / 2) }

  private func application(_ threads: NIOThreadPool) -> some ApplicationProtocol {
    let bodies = BodyStore(folder: folder, threads: threads, limits: limits)
    let configuration = ApplicationConfiguration(
      address: .hostname(host, port: port),
      availableConnectionsDelegate: .maximum(connections, logger: logger))
    let scheme = certificate == nil ? "http" : "https"
    return Hummingbird.Application(
      responder: SyncResponder(handler, bodies, proxies, hosts, scheme: scheme, logger),
      server: HTTPServerBuilder { [limits, certificate] responder in
        let http = GuardedChannel(responder: responder, limits)
        return ConnectionLoop(base: Door(base: http, certificate: certificate, patience: limits.head))
      },
      configuration: configuration,
      onServerRunning: { channel in await onRunning(channel.localAddress?.port ?? port) },
      logger: logger)
  }
}

extension ServiceGroup {
  /// Runs services until SIGTERM or SIGINT, then stops them in reverse order and cuts off what is not done in time.
  init(_ services: [any Service], stoppingWithin patience: Duration, logger: Logger) {
    var configuration = ServiceGroupConfiguration(
      services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    configuration.maximumGracefulShutdownDuration = patience
    self.init(configuration: configuration)
  }
}
