import AnkiFormats
import Foundation
import Logging
import ServiceLifecycle
import SyncCore

/// The server put together: storage, sync, the door, and what runs beside them.
struct Application: Operations {
  /// Milliseconds since 1970.
  private static let clock: @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1000) }
  private static let random: @Sendable (Int) -> [UInt8] = { count in
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
  }

  func serve(_ configuration: Configuration) async throws {
    let log = Self.logger(configuration)
    for name in configuration.unknown { log.warning("\(name) is no setting of this server") }
    // Before anything is opened: what is wrong with these files is told at once.
    let certificate = try CertificateFiles(configuration).map { try ServedCertificate($0, now: Self.clock()) }
    OpenFiles.raiseLimit()
    let lock = try ServeLock(configuration)
    defer { lock.release() }
    let installation = try await Installation.open(configuration, now: Self.clock, random: Self.random)
    do {
      try await serve(installation, configuration, certificate, log)
    } catch {
      await installation.close()
      throw error
    }
    await installation.close()
  }

  private func serve(
    _ installation: Installation, _ configuration: Configuration, _ certificate: ServedCertificate?, _ log: Logger
  ) async throws {
    let folder = try Self.workFolder(configuration)
    defer { folder.remove() }
    // Sorting for the indexes of a large collection spills to files, which belong on the disk of the data.
    setenv("SQLITE_TMPDIR", folder.path, 1)
    let generations = Self.generations(installation, folder, configuration)
    let blobs = generations.blobs
    let care = MediaCare(backend: installation.users, blobs: blobs, clock: Self.clock)
    let media = MediaService(
      collections: generations.collections, blobs: blobs, quota: MediaQuota(configuration),
      temporary: { folder.newFile("media") }, log: log, clock: Self.clock)
    let janitor = Janitor(
      generations, care, installation.accounts, keep: configuration.integer(.keepGenerations),
      keepMilliseconds: Int64(configuration.integer(.keepDays)) * 86_400_000, log: log)
    let bounds = SyncBounds(configuration)
    let service = SyncService(
      accounts: installation.accounts, collections: generations.collections, generations: generations,
      downloads: Downloads(
        generations.collections, generations, folder, turns: bounds.loads,
        capacity: configuration.integer(.downloadCache) << 20),
      media: media, janitor: janitor, bounds: bounds, dataRoot: configuration.text(.dataRoot),
      log: log, clock: Self.clock)
    let users = try await installation.accounts.list().count
    let host = configuration.text(.host)
    let server = HTTPServer(
      host: host, port: configuration.integer(.port), limits: HTTPLimits(configuration), certificate: certificate,
      proxies: TrustedProxies(configuration.text(.trustedProxies)) ?? TrustedProxies(),
      hosts: AllowedHosts(configuration.text(.allowedHosts)), folder: folder.path,
      handler: configuration.flag(.traceStorage) ? TracedSync(service: service, log: log) : service, logger: log
    ) { port in Self.greet(scheme: certificate == nil ? "http" : "https", host: host, port: port, users: users) }
    let renewal = certificate.map { CertificateRenewal(certificate: $0, log: log, clock: Self.clock) }
    let services: [(any Service)?] = [
      JanitorService(janitor: janitor, userData: installation.userData), renewal, server,
    ]
    try await ServiceGroup(services.compactMap { $0 }, stoppingWithin: .seconds(10), logger: log).run()
  }

  /// Says what a person needs for the first sync. On the standard output, beside the log.
  private static func greet(scheme: String, host: String, port: Int, users: Int) {
    let name = ["0.0.0.0", "::", ""].contains(host) ? "<this machine>" : host.contains(":") ? "[\(host)]" : host
    Console.ofProcess.say(
      "djankiserv serves Anki at \(scheme)://\(name):\(port)/ (Preferences, Syncing, self-hosted sync server)")
    if users == 0 { Console.ofProcess.say("there are no users yet; add one with: djankiserv adduser NAME") }
  }

  // MARK: Generations

  func generations(of user: Account, in installation: Installation) async throws -> [Generation] {
    try await Self.withGenerations(installation) { try await $0.list(user.id) }
  }

  func restore(_ number: Int64, of user: Account, in installation: Installation) async throws -> Int64 {
    try await Self.withGenerations(installation) { generations in
      try await generations.restore(user.id, number)
      return try await generations.collections.current(user.id)
    }
  }

  func show(_ user: Account, in installation: Installation) async throws -> String? {
    try await Self.withGenerations(installation) { try await $0.collections.show(user.id) }
  }

  private static func withGenerations<T>(
    _ installation: Installation, _ body: (Generations) async throws -> T
  ) async throws -> T {
    let folder = try workFolder(installation.configuration)
    defer { folder.remove() }
    return try await body(generations(installation, folder, installation.configuration))
  }

  private static func generations(
    _ installation: Installation, _ folder: WorkFolder, _ configuration: Configuration
  ) -> Generations {
    let accounts = installation.accounts
    let collections = UserCollections(traced(installation), views: installation.views, clock: clock) { account in
      // Where an engine keeps what it has, a schema that is gone is a loss that must not be papered over.
      guard try configuration.backend(DatabaseSettings.userDB.engine).isWithinProcess else {
        throw StorageError(.notFound, "the schema of user \(account) is gone")
      }
      try await accounts.revive(account)
    }
    return Generations(
      collections: collections, blobs: installation.blobs(clock) { folder.newFile("blob") }, folder: folder,
      clock: clock, lease: Int64(configuration.integer(.requestTime)) * 1000, limits: CollectionLimits())
  }

  private static func traced(_ installation: Installation) -> any Backend {
    guard installation.configuration.flag(.traceStorage) else { return installation.users }
    return TracedBackend(engine: installation.users)
  }

  private static func workFolder(_ configuration: Configuration) throws -> WorkFolder {
    try WorkFolder(
      dataRoot: configuration.text(.dataRoot), host: ProcessInfo.processInfo.hostName,
      random: UInt64.random(in: .min ... .max))
  }

  private static func logger(_ configuration: Configuration) -> Logger {
    let level = Logger.Level(rawValue: configuration.text(.logLevel)) ?? .info
    return Logger(label: "djankiserv") { _ in LogFormat(level: level) }
  }
}

/// Runs the janitor beside the server, and takes up what a crash cut off.
private struct JanitorService: Service {
  let janitor: Janitor
  let userData: UserData

  func run() async throws {
    await cancelWhenGracefulShutdown { await janitor.run { try await userData.remove($0) } }
  }
}

/// Keeps a second server off the data folder: SQLite files belong to one (DESIGN, "A sync"). Commands beside it are
/// safe.
struct ServeLock {
  private let descriptor: Int32

  init(_ configuration: Configuration) throws {
    let folder = configuration.text(.dataRoot)
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    descriptor = open(folder + "/serve.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw fileFault("open", folder + "/serve.lock") }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw StorageError(.unavailable, "another djankiserv serves \(folder) already; stop it first")
    }
  }

  func release() { close(descriptor) }
}

extension SyncBounds {
  init(_ configuration: Configuration) {
    self.init(
      json: configuration.integer(.maxBody) << 20, upload: configuration.integer(.maxUpload) << 20,
      diskPercent: configuration.integer(.maxDiskShare), session: Int64(configuration.integer(.sessionTime)) * 1000,
      loads: Turns(
        width: configuration.integer(.maxLoading), length: configuration.integer(.maxStaged),
        patience: .seconds(configuration.integer(.requestTime))))
  }
}

extension HTTPLimits {
  init(_ configuration: Configuration) {
    connections = configuration.integer(.maxConnections)
    idle = .seconds(configuration.integer(.idleTime))
    head = .seconds(configuration.integer(.headTime))
    bodyPause = .seconds(configuration.integer(.pauseTime))
    request = .seconds(configuration.integer(.requestTime))
    memory = configuration.integer(.maxMemory) << 20
    memoryPatience = .seconds(configuration.integer(.memoryWait))
    unclaimed = configuration.integer(.maxUnclaimed) << 20
  }
}
