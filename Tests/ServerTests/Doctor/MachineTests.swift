import Foundation
import SyncCore
import Testing

@testable import Server

@Suite("The doctor and the machine")
struct MachineTests {
  /// A machine that is well.
  private static let fine: Machine = {
    var machine = Machine(path: "/data", openFiles: 20_000, now: 1_800_000_000_000)
    machine.folder = .init(owner: 7, ourselves: 7, mode: 0o700, network: nil, free: 8 << 30)
    return machine
  }()

  struct Damage: Sendable, CustomTestStringConvertible {
    let subject: String
    let grade: Finding.Grade
    let words: String
    let change: @Sendable (inout Machine) -> Void
    var testDescription: String { words }

    init(
      _ subject: String, _ grade: Finding.Grade, _ words: String, _ change: @escaping @Sendable (inout Machine) -> Void
    ) {
      (self.subject, self.grade, self.words, self.change) = (subject, grade, words, change)
    }
  }

  static let damages = [
    Damage("data folder", .fail, "there is no /data") { $0.folder = nil },
    Damage("data folder", .fail, "/data belongs to user 8 and this is user 7") { $0.folder?.owner = 8 },
    Damage("data folder", .warn, "others may look into /data (mode 750)") { $0.folder?.mode = 0o750 },
    Damage("data folder", .fail, "/data cannot be written (mode 500)") { $0.folder?.mode = 0o500 },
    Damage("data folder", .warn, "/data is on nfs4") { $0.folder?.network = "nfs4" },
    Damage("disk", .fail, "63 MB free: syncs will be refused") { $0.folder?.free = 63 << 20 },
    Damage("disk", .warn, "4095 MB free, and 50 % of them") { $0.folder?.free = 4_095 << 20 },
    Damage("open files", .warn, "1024 are enough for 512 connections") { $0.openFiles = 1_024 },
    Damage("clock", .fail, "it is not 1970-01-01") { $0.now = 0 },
    Damage("clock", .fail, "it is not 2100-01-01") { $0.now = 4_102_444_800_000 },
  ]

  @Test("a machine that is well has nothing to complain of")
  func healthy() async {
    let found = await Machine.checks.findings(in: Self.fine)
    #expect(found.map(\.grade) == [.ok, .ok, .ok, .ok] && Self.fine.hasUsableFolder)
  }

  @Test("what a server cannot do without is told, with what to do", arguments: damages)
  func damage(damage: Damage) async throws {
    var machine = Self.fine
    damage.change(&machine)
    let complaints = await Machine.checks.findings(in: machine).filter { $0.grade != .ok }
    #expect(complaints.map(\.subject) == [damage.subject] && complaints.map(\.grade) == [damage.grade])
    let complaint = try #require(complaints.first)
    #expect(complaint.message.hasPrefix(damage.words) && !complaint.advice.isEmpty, "\(complaint)")
  }

  @Test("the folder is looked at as it is", arguments: [0o700, 0o755, 0o500])
  func realFolder(mode: Int) throws {
    let path = NSTemporaryDirectory() + "machine-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    let folder = try #require(Machine.Folder(path))
    #expect(folder.mode == UInt32(mode) && folder.owner == folder.ourselves && folder.free > 0)
    #expect(Machine.Folder(path + "/none") == nil)
  }

  @Test(
    "a folder's file system is that of the mount that is nearest",
    arguments: [
      ("/srv/data", "nfs4"), ("/srv/data/deep", "nfs4"), ("/srv/database", nil), ("/srv", nil), ("/", nil),
      ("/srv/data/local", nil), ("/srv/with space/x", "cifs"),
    ])
  func mounts(path: String, network: String?) {
    let mounts = #"""
      21 1 0:20 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
      40 21 0:35 / /srv/data rw,relatime shared:20 - nfs4 host:/export rw,vers=4.2
      41 40 8:3 / /srv/data/local rw - xfs /dev/sdb rw
      42 21 0:36 / /srv/with\040space rw - cifs //host/share rw
      nonsense
      """#
    #expect(Machine.Folder.network(path, mounts: mounts) == network)
  }
}
