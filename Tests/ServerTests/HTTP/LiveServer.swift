import Foundation
import Logging
import ServiceLifecycle
import SyncCore
import Synchronization

@testable import Server

/// A server on a port of its own, with a folder of its own, for the time of one closure.
struct LiveServer: Sendable {
  let port: Int
  let folder: String
  let log: Lines
  let group: ServiceGroup

  static func run(
    _ handler: FakeSync = FakeSync(), _ limits: HTTPLimits = HTTPLimits(), certificate: ServedCertificate? = nil,
    proxies: TrustedProxies = TrustedProxies(), hosts: AllowedHosts = AllowedHosts(),
    shutdown: Duration = .seconds(10), _ body: @escaping @Sendable (LiveServer) async throws -> Void
  ) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let log = Lines()
    let logger = Logger(label: "test") { _ in LogFormat(now: { 0 }, write: log.append) }
    let (ports, report) = AsyncStream.makeStream(of: Int.self)
    let server = HTTPServer(
      host: "127.0.0.1", port: 0, limits: limits, certificate: certificate, proxies: proxies,
      hosts: hosts, folder: folder, handler: handler, logger: logger, onRunning: { report.yield($0) })
    let group = ServiceGroup([server], stoppingWithin: shutdown, logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      tasks.addTask {
        var ports = ports.makeAsyncIterator()
        guard let port = await ports.next() else { throw NoAnswer() }
        defer { Task { await group.triggerGracefulShutdown() } }
        try await body(LiveServer(port: port, folder: folder, log: log, group: group))
      }
      try await tasks.waitForAll()
    }
  }

  /// Sends one request over a connection of its own.
  func call(_ request: Call = Call(), _ content: [UInt8] = Array("{}".utf8)) async throws -> Answer {
    try await RawClient.connected(port) { try await $0.call(request, try content.zstd.pieces(of: 60_000)) }
  }

  /// Sends these bytes over a connection of its own, and reads one answer.
  func raw(_ text: String) async throws -> Answer {
    try await RawClient.connected(port) { client in
      try await client.send(text)
      return try await client.answer()
    }
  }

  /// Tries until there is an answer: on a busy machine the client itself may be too slow for a short limit.
  func untilAnswered<T: Sendable>(_ body: (RawClient) async throws -> T) async throws -> T {
    for _ in 0..<50 {
      if let answer = try? await RawClient.connected(port, body) { return answer }
    }
    throw NoAnswer()
  }

  var files: [String] { (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] }

  /// Waits for what another task will bring about.
  func eventually(_ isSo: @Sendable (LiveServer) -> Bool) async -> Bool {
    for _ in 0..<1_000 where !isSo(self) { try? await Task.sleep(for: .milliseconds(10)) }
    return isSo(self)
  }
}

/// The lines of a log.
final class Lines: Sendable {
  private let lines = Mutex<[String]>([])

  @Sendable func append(_ line: String) { lines.withLock { $0.append(line) } }
  var all: [String] { lines.withLock { $0 } }
  /// Those about requests.
  var requests: [String] { all.filter { $0.contains("status=") } }
}
