// To the compiler `stat` belongs to Foundation's C half as soon as the module uses certificates, too.
import CoreFoundation
import Foundation
import SyncCore

/// The machine as a server finds it: its data folder, disk, limits and clock.
struct Machine: Sendable, Equatable {
  struct Folder: Sendable, Equatable {
    /// User ids: of the folder, and ours.
    var owner: UInt32
    var ourselves: UInt32
    /// The permissions.
    var mode: UInt32
    /// Its file system where that is another machine's; nil for a disk.
    var network: String?
    /// Bytes that we may still use.
    var free: Int
  }

  var path: String
  /// Nil where there is none.
  var folder: Folder?
  /// How many files a process may have open.
  var openFiles: Int
  /// Milliseconds since 1970.
  var now: Int64
  /// Of the settings: bytes of the largest upload, percent of the free disk that it may take, connections of clients.
  var upload = 2048 << 20
  var share = 50
  var connections = 2000

  static let checks: [Check<Machine>] = [
    Check("data folder") { [$0.place] + $0.access }, Check("disk") { $0.space }, Check("open files") { [$0.files] },
    Check("clock") { [$0.clock] },
  ]

  /// Whether engines may be opened there without harm.
  var hasUsableFolder: Bool { folder.map { $0.owner == $0.ourselves } ?? false }

  // MARK: The folder

  private var place: Finding {
    guard let folder else {
      return Finding(
        .fail, "data folder", "there is no \(path), so nothing else was looked at",
        advice: "start the server once, or set DJANKISERV_DATA_ROOT to the folder that it uses")
    }
    guard folder.owner == folder.ourselves else {
      return Finding(
        .fail, "data folder",
        "\(path) belongs to user \(folder.owner) and this is user \(folder.ourselves), so nothing else was looked at",
        advice: "run this as the server's user: sudo -u '#\(folder.owner)' djankiserv doctor")
    }
    return .ok("data folder", path)
  }

  private var access: [Finding] {
    guard let folder else { return [] }
    var findings: [Finding] = []
    if folder.mode & 0o700 != 0o700 {
      findings.append(
        Finding(
          .fail, "data folder", "\(path) cannot be written (mode \(octal(folder.mode)))", advice: "chmod 700 \(path)"))
    } else if folder.mode & 0o077 != 0 {
      findings.append(
        Finding(
          .warn, "data folder", "others may look into \(path) (mode \(octal(folder.mode)))", advice: "chmod 700 \(path)"
        ))
    }
    if let network = folder.network {
      findings.append(
        Finding(
          .warn, "data folder", "\(path) is on \(network), where locks and waits for the disk cannot be relied on",
          advice: "keep it on a disk of this machine"))
    }
    return findings
  }

  private func octal(_ mode: UInt32) -> String { String(mode & 0o777, radix: 8) }

  // MARK: Limits

  private var space: [Finding] {
    guard let folder else { return [] }
    let allowed = folder.free / 100 * share
    let text = "\(folder.free >> 20) MB free"
    if folder.free < 64 << 20 {
      return [Finding(.fail, "disk", "\(text): syncs will be refused", advice: "make room for \(path)")]
    }
    guard allowed >= upload else {
      let limits = "\(share) % of them are less than an upload may have (DJANKISERV_MAX_UPLOAD_MB: \(upload >> 20))"
      return [Finding(.warn, "disk", "\(text), and \(limits)", advice: "make room for \(path), or lower the limit")]
    }
    return [.ok("disk", "\(text), enough for an upload of \(upload >> 20) MB")]
  }

  /// The server takes half of them for connections.
  private var files: Finding {
    guard openFiles / 2 < connections else { return .ok("open files", "\(openFiles) for \(connections) connections") }
    return Finding(
      .warn, "open files",
      "\(openFiles) are enough for \(openFiles / 2) connections, not for \(connections) (DJANKISERV_MAX_CONNECTIONS)",
      advice: "raise the hard limit (systemd: LimitNOFILE=\(2 * connections))")
  }

  private var clock: Finding {
    let date = Date(timeIntervalSince1970: Double(now) / 1000).formatted(.iso8601)
    guard Self.saneTimes.contains(now) else {
      return Finding(
        .fail, "clock", "it is not \(date): devices refuse to sync with a server whose clock is wrong",
        advice: "set the clock, and run NTP")
    }
    return .ok("clock", date)
  }

  /// From 2025 to 2099.
  private static let saneTimes: Range<Int64> = 1_735_689_600_000..<4_102_444_800_000
}

extension Machine {
  init(_ configuration: Configuration, now: Int64) {
    let path = configuration.text(.dataRoot)
    self.init(
      path: path, folder: Folder(path), openFiles: OpenFiles.largestLimit, now: now,
      upload: configuration.integer(.maxUpload) << 20, share: configuration.integer(.maxDiskShare),
      connections: configuration.integer(.maxConnections))
  }
}

extension Machine.Folder {
  /// Nil where there is no such folder.
  init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
    var space = statvfs()
    let isKnown = statvfs(path, &space) == 0
    let real = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    // Elsewhere than on Linux there is none, and nothing is known.
    let mounts = (try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)) ?? ""
    self.init(
      owner: status.st_uid, ourselves: geteuid(), mode: UInt32(status.st_mode & 0o777),
      network: Self.network(real, mounts: mounts), free: isKnown ? Int(clamping: space.f_bavail * space.f_frsize) : 0)
  }

  /// The kind of file system that a folder is on, if it is one of another machine.
  /// - Parameter mounts: as Linux lists them in `/proc/self/mountinfo`.
  static func network(_ path: String, mounts: String) -> String? {
    var found: (place: String, kind: String) = ("", "")
    for line in mounts.split(separator: "\n") {
      let words = line.split(separator: " ").map(String.init)
      guard words.count > 6, let dash = words.firstIndex(of: "-"), dash + 1 < words.count else { continue }
      let place = words[4].replacingOccurrences(of: "\\040", with: " ")
      // Of mounts on one place the last one counts.
      guard (path + "/").hasPrefix(place == "/" ? "/" : place + "/"), place.count >= found.place.count else { continue }
      found = (place, words[dash + 1])
    }
    return networks.contains(found.kind) ? found.kind : nil
  }

  private static let networks: Set<String> = [
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "glusterfs", "fuse.sshfs", "fuse.glusterfs", "fuse.s3fs",
  ]
}
