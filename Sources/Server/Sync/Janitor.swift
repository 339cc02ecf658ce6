import Logging
import SyncCore

/// Does what must be done but not now: retires replaced generations, drops what died half done, sweeps staged rows.
/// One task at a time, so that it never takes more than one thread of the storage.
actor Janitor {
  private enum Job: Hashable { case tidy(Int64), sweep(Int64), collect(Int64) }

  private let generations: Generations
  private let media: MediaCare
  private let accounts: Accounts
  private let keep: Int
  private let keepMilliseconds: Int64
  private let log: Logger
  private let jobs: AsyncStream<Job>
  private let enqueue: AsyncStream<Job>.Continuation
  private var queued: Set<Job> = []

  /// How often everybody is visited.
  private static let round = Duration.seconds(86_400)

  init(
    _ generations: Generations, _ media: MediaCare, _ accounts: Accounts, keep: Int, keepMilliseconds: Int64,
    log: Logger
  ) {
    (self.generations, self.media, self.accounts, self.log) = (generations, media, accounts, log)
    (self.keep, self.keepMilliseconds) = (keep, keepMilliseconds)
    (jobs, enqueue) = AsyncStream.makeStream()
  }

  /// A user's collection was replaced: see to its generations soon.
  func visit(_ account: Int64) { add(.tidy(account)) }

  /// A session ended: see to its staged rows soon.
  func sweep(_ account: Int64) { add(.sweep(account)) }

  private func add(_ job: Job) {
    if queued.insert(job).inserted { enqueue.yield(job) }
  }

  /// Takes up what a crash cut off, then does what comes and visits everybody now and every day, until cancelled.
  func run(_ removeData: @Sendable (Int64) async throws -> Void) async {
    await attempt { try await accounts.resumeDeletions(removeData) }
    let rounds = Task { await visitEverybody() }
    for await job in jobs {
      queued.remove(job)
      await attempt { try await perform(job) }
    }
    rounds.cancel()
  }

  private func visitEverybody() async {
    while !Task.isCancelled {
      await attempt {
        for account in try await accounts.list() {
          visit(account.id)
          add(.collect(account.id))
          sweep(account.id)
        }
      }
      // Ends early only when cancelled, which the loop sees.
      try? await Task.sleep(for: Self.round)
    }
  }

  private func attempt(_ body: () async throws -> Void) async {
    do {
      try await body()
    } catch is CancellationError {
      return
    } catch let error as StorageError where error.code == .notFound {
      // The user was deleted meanwhile.
      return
    } catch {
      log.warning("tidying failed; it is tried again later", metadata: ["cause": "\(error)"])
    }
  }

  private func perform(_ job: Job) async throws {
    switch job {
    case .tidy(let account):
      // Views that still lead to an old collection go with it. They move before that, or else after it.
      var areMoved = false
      await attempt {
        _ = try await generations.collections.show(account)
        areMoved = true
      }
      try await generations.tidy(account, keep: keep, forMilliseconds: keepMilliseconds)
      if !areMoved { _ = try await generations.collections.show(account) }
    case .collect(let account):
      let count = try await media.collect(account)
      if count > 0 { log.info("media files that nothing refers to were removed", metadata: ["count": "\(count)"]) }
    case .sweep(let account):
      let now = generations.clock()
      while try await generations.collections.write(account, .relaxed, { try Sweep.staged($0, now: now) }) == true {}
    }
  }
}
