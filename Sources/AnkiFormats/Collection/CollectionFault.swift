import SyncCore

/// Why an uploaded file is refused. The old collection stays as it is (sync-protocol.md 6.11).
public struct CollectionFault: Error, Sendable, Equatable, CustomStringConvertible {
  /// One line for the person at the client.
  public let message: String
  /// What was found, for the log; nothing of the collection's content.
  public let cause: String

  public var description: String { "\(message) (\(cause))" }

  public static let empty = CollectionFault(
    message: "The upload was empty, so nothing was replaced. Please try again.", cause: "0 bytes")

  public static func damaged(_ cause: String) -> CollectionFault {
    CollectionFault(
      message: "The uploaded collection is damaged. Please run Check Database on this device, or restore a backup.",
      cause: cause)
  }

  static func notACollection(_ cause: String) -> CollectionFault {
    CollectionFault(message: "The uploaded file is not an Anki collection.", cause: cause)
  }

  static func version(_ version: Int64) -> CollectionFault {
    CollectionFault(
      message: "Collections of schema version \(version) are not supported; this server reads 11 and 14 to 18. "
        + (version > 18 ? "The server is older than this client." : "Please update Anki on this device."),
      cause: "ver \(version)")
  }

  static func tooLarge(_ what: String, limit: Int) -> CollectionFault {
    CollectionFault(
      message: "The uploaded collection has more in its \(what) than this server takes (\(limit) bytes).",
      cause: "\(what) above \(limit) bytes")
  }

  static let tooSlow = CollectionFault(
    message: "Reading the uploaded collection took longer than this server allows.", cause: "time limit")

  /// What an error says about the file that was being read.
  init(reading error: any Error) {
    switch error {
    case let fault as CollectionFault: self = fault
    case let error as StorageError: self = .damaged(error.message)
    default: self = .damaged(String(describing: error))
    }
  }

  private init(message: String, cause: String) { (self.message, self.cause) = (message, cause) }
}

extension StorageError {
  /// Whether reading a file failed because of what is in it. The rest is ours: no memory, no disk.
  var isOfTheFile: Bool { code == .corrupt || code == .invalid }
}
