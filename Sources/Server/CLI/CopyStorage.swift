import ArgumentParser
import Foundation
import SyncCore

/// `djankiserv storage …`.
struct StorageCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "storage",
    abstract: "See to where everything is kept.",
    discussion: "Settings come from the environment or a file: `djankiserv config` shows them all.",
    subcommands: [CopyStorage.self])
}

struct CopyStorage: Command {
  static let configuration = CommandConfiguration(
    commandName: "copy",
    abstract: "Copy all users with everything of theirs to another database, and compare it there.",
    discussion: """
      Stop the server first. The source is only read; the target must be empty, and no server opens it before it is \
      complete. A copy that was cut off is taken up by the same command.

      A side that is not given is the server's own, as the environment or the configuration file has it. Further \
      settings of a side are those of the server with FROM_ or TO_ in their names, such as \
      DJANKISERV_TO_USERDB_PASSWORD_FILE, DJANKISERV_TO_MAINDB_URL, DJANKISERV_TO_DATA_ROOT or \
      DJANKISERV_TO_MEDIA_STORE, or stand under their usual names in a file of its own. So no password has to be on \
      the command line. Accounts go with the users' data, unless MAINDB settings of the side say otherwise.
      """)

  @Option(help: ArgumentHelp("Where everything is: an engine's name or a database's address.", valueName: "place"))
  var from: String?

  @Option(help: ArgumentHelp("Where it shall be, likewise.", valueName: "place"))
  var to: String?

  @Option(help: ArgumentHelp("A configuration file with the settings of the source.", valueName: "path"))
  var fromConfig: String?

  @Option(help: ArgumentHelp("A configuration file with the settings of the target.", valueName: "path"))
  var toConfig: String?

  func run(in surroundings: Surroundings) async throws {
    let server = try surroundings.configuration()
    for name in server.unknown { surroundings.console.complain("djankiserv: there is no setting \(name)") }
    let (source, target) = (try side(.from, from, fromConfig, surroundings), try side(.to, to, toConfig, surroundings))
    guard source.identity != target.identity else {
      throw ConfigurationError("source and target are the same: \(source.place)")
    }
    let locks = try locks(source, target)
    defer { for lock in locks { lock.release() } }
    let folder = try WorkFolder(
      dataRoot: target.text(.dataRoot), host: ProcessInfo.processInfo.hostName,
      random: surroundings.random(8).reduce(0) { $0 << 8 | UInt64($1) })
    defer { folder.remove() }
    // Sorting for the indexes of a large collection spills to files, which belong on the disk of the data.
    setenv("SQLITE_TMPDIR", folder.path, 1)
    let total = try await withStorage(source) { here in
      try await withStorage(target) { there in
        let blobs = [(source, here), (target, there)].map { configuration, storage in
          EitherBlobs(configuration, storage.users, surroundings.now) { folder.newFile("blob") }
        }
        let copy = StorageCopy(
          source: here, target: there, sourceBlobs: blobs[0], targetBlobs: blobs[1].chosen,
          mark: CopyMark(of: source.identity), newFile: { folder.newFile("copy") })
        return try await copy.run { surroundings.console.say("\($0.name): \($1.words)") }
      }
    }
    report(total, target, server, surroundings.console)
  }

  private func side(
    _ side: CopySide, _ place: String?, _ file: String?, _ surroundings: Surroundings
  ) throws -> Configuration {
    let configuration = try side.configuration(
      place, file: file, environment: surroundings.environment, backends: surroundings.backends)
    for database in [DatabaseSettings.userDB, .mainDB] {
      let engine = try configuration.backend(database.engine)
      if engine.isWithinProcess {
        throw ConfigurationError(
          "--\(side.rawValue): \(engine.name) is gone with its process; it cannot be copied from or to")
      }
    }
    return configuration
  }

  /// Keeps servers off both data folders, or off the one that both sides use.
  private func locks(_ source: Configuration, _ target: Configuration) throws -> [ServeLock] {
    let first = try ServeLock(source)
    if Self.real(source.text(.dataRoot)) == Self.real(target.text(.dataRoot)) { return [first] }
    do {
      return [first, try ServeLock(target)]
    } catch {
      first.release()
      throw error
    }
  }

  private static func real(_ folder: String) -> String {
    URL(fileURLWithPath: folder).resolvingSymlinksInPath().standardizedFileURL.path
  }

  private func withStorage<T>(_ configuration: Configuration, _ body: (Storage) async throws -> T) async throws -> T {
    let storage = try await Storage.open(configuration)
    do {
      let value = try await body(storage)
      await storage.close()
      return value
    } catch {
      await storage.close()
      throw error
    }
  }

  private func report(
    _ total: StorageCopy.Tally, _ target: Configuration, _ server: Configuration, _ console: Console
  ) {
    console.say("\(total.users) users, \(total.words): copied and compared, to \(target.place)")
    let changes = target.changes(from: server)
    console.say(
      changes.isEmpty
        ? "the server is configured for it already; start it"
        : "before you start the server, configure it for the copy:")
    for line in changes { console.say("  " + line) }
  }
}

extension StorageCopy.Tally {
  fileprivate var words: String { "\(rows) rows, \(blobs) files of \(bytes) bytes" }
}

extension Configuration {
  /// Where everything is kept, in words without secrets.
  var place: String {
    let accounts = isOneDatabase ? "" : ", accounts in \(place(.mainDB))"
    return place(.userDB) + accounts + ", " + text(.dataRoot)
  }

  /// The same for the same place, however it was named.
  var identity: String {
    let databases = [DatabaseSettings.userDB, .mainDB].map { database in
      let parts = database.options.filter { ["host", "port", "name"].contains($0.key) }
      return [text(database.engine)] + parts.map { text($0.setting) }
    }
    return (databases.flatMap { $0 } + [text(.dataRoot)]).joined(separator: "\n")
  }

  private func place(_ database: DatabaseSettings) -> String {
    let parts = database.options.filter { ["host", "port", "name", "user"].contains($0.key) }
      .filter { find($0.setting).origin != .standard || !text(database.url).isEmpty }
      .map { "\($0.key)=\(text($0.setting))" }
    return ([text(database.engine)] + parts).joined(separator: " ")
  }

  /// What has to be set, or not to be set any more, for a server that is to keep everything as this says.
  func changes(from server: Configuration) -> [String] {
    let settings = DatabaseSettings.userDB.all + DatabaseSettings.mainDB.all + [.dataRoot, .mediaStore]
    return settings.compactMap { setting in
      let (mine, old) = (find(setting), server.find(setting))
      if mine.origin == .standard { return old.origin == .standard ? nil : "\(setting.name) no longer set" }
      guard mine.text != old.text || old.origin == .standard else { return nil }
      return "\(setting.name)=\(setting.isSecret ? Self.withoutPassword(mine.text) : mine.text)"
    }
  }

  private static func withoutPassword(_ secret: String) -> String {
    guard var address = URLComponents(string: secret), address.scheme != nil else { return "********" }
    if address.password != nil { address.password = "********" }
    address.queryItems = address.queryItems?.filter { $0.name != "password" }
    return address.string ?? "********"
  }
}
