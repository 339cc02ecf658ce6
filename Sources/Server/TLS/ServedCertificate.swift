import Logging
import NIOSSL
import ServiceLifecycle
import Synchronization
import UnixSignals

/// The certificate that new connections are answered with. It can be renewed while the server runs; connections that
/// are open stay as they are.
final class ServedCertificate: Sendable {
  private struct State {
    var context: NIOSSLContext
    /// What was read last, good or not.
    var contents: CertificateFiles.Contents
  }

  private let files: CertificateFiles
  private let state: Mutex<State>

  /// - Parameter now: milliseconds since 1970.
  /// - Throws: `ConfigurationError`, which says what is wrong with the files.
  init(_ files: CertificateFiles, now: Int64) throws {
    self.files = files
    let contents = try files.read()
    state = Mutex(State(context: try files.context(contents, now: now), contents: contents))
  }

  var context: NIOSSLContext { state.withLock { $0.context } }

  /// Takes what the files say now. If that cannot be served, nothing changes.
  /// - Throws: `ConfigurationError`, as at the start.
  func renew(now: Int64) throws { try renew(try files.read(), now: now) }

  /// Does the same where the files say something else than when they were read last.
  /// - Returns: whether they do.
  func renewIfChanged(now: Int64) throws -> Bool {
    // A file that is being replaced may be missing for a moment.
    guard let contents = try? files.read(), contents != state.withLock({ $0.contents }) else { return false }
    try renew(contents, now: now)
    return true
  }

  private func renew(_ contents: CertificateFiles.Contents, now: Int64) throws {
    state.withLock { $0.contents = contents }
    let context = try files.context(contents, now: now)
    state.withLock { $0.context = context }
  }
}

/// Renews the certificate on SIGHUP, and when its files have changed.
struct CertificateRenewal: Service {
  let certificate: ServedCertificate
  /// How often the files are looked at.
  var interval = Duration.seconds(60)
  let log: Logger
  /// Milliseconds since 1970.
  let clock: @Sendable () -> Int64

  func run() async throws {
    await cancelWhenGracefulShutdown {
      await withDiscardingTaskGroup { tasks in
        tasks.addTask {
          for await _ in await UnixSignalsSequence(trapping: .sighup) {
            renew {
              try certificate.renew(now: clock())
              return true
            }
          }
        }
        tasks.addTask {
          // Whoever renews certificates may not know how to tell us.
          while (try? await Task.sleep(for: interval)) != nil {
            renew { try certificate.renewIfChanged(now: clock()) }
          }
        }
      }
    }
  }

  private func renew(_ attempt: () throws -> Bool) {
    do {
      if try attempt() { log.notice("new connections get the certificate that was read just now") }
    } catch {
      log.error("the certificate stays the one that is served: \(error)")
    }
  }
}
