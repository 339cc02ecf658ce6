import SyncCore

/// Looks at everything on which the health of a server depends, beside a running server or a stopped one. Changes
/// nothing, unless it is told to repair.
struct Doctor: Sendable {
  /// What the owner wants.
  struct Orders: Sendable {
    /// The only user to look at; nil for all of them.
    var user: String?
    /// Whether every row is read: counters, media files, files of an engine.
    var recounts = false
    /// Whether what is safe to repair is repaired.
    var repairs = false
  }

  let surroundings: Surroundings
  let orders: Orders

  func examine() async -> [Finding] {
    let configuration: Configuration
    do { configuration = try surroundings.configuration() } catch {
      return [Finding(.fail, "configuration", "\(error)", advice: "docs/CONFIG.md lists what there is")]
    }
    let settings = Settings(configuration)
    let machine = Machine(configuration, now: surroundings.now())
    let outside = await Settings.checks.findings(in: settings) + Machine.checks.findings(in: machine)
    // Engines make folders where they find none, and their files would be somebody else's.
    guard machine.hasUsableFolder else { return outside }
    return outside + (await storage(configuration))
  }

  // MARK: Storage

  private func storage(_ configuration: Configuration) async -> [Finding] {
    let isOne = configuration.isOneDatabase
    let users = await opened(.userDB, isOne ? "database" : "users' database", configuration)
    let main = isOne ? users : await opened(.mainDB, "accounts' database", configuration)
    var findings = await Database.checks.findings(in: users)
    if !isOne { findings += await Database.checks.findings(in: main) }
    if let main = main.backend {
      let storage = isOne ? Storage(main) : Storage(main: main, users: users.backend ?? main)
      let installation = Installation(configuration, storage, surroundings.now, surroundings.random)
      let household = Household(
        installation: installation, hasUsers: users.backend != nil, orders: orders, now: surroundings.now)
      findings += await Household.checks.findings(in: household)
    }
    await users.backend?.close()
    if !isOne { await main.backend?.close() }
    return findings
  }

  private func opened(_ settings: DatabaseSettings, _ title: String, _ configuration: Configuration) async -> Database {
    var database = Database(title: title, now: surroundings.now)
    do {
      let engine = try configuration.backend(settings.engine)
      database.isWithinProcess = engine.isWithinProcess
      // Somebody is waiting for an answer, not for the database.
      if !engine.isWithinProcess { database.backend = try await configuration.open(settings, patience: 0) }
    } catch { database.failure = "\(error)" }
    return database
  }
}
