public import SyncCore

/// The file in which a whole collection travels: an SQLite database in one of Anki's schemas (collection-format.md).
public enum CollectionFile {
  /// The schemas that are written. Both are read, and so are the versions between 14 and 17.
  public enum Version: Int64, Sendable, CaseIterable {
    /// Decks, options, notetypes and tags as JSON texts; every client opens it.
    case v11 = 11
    /// Everything in tables; for clients that speak framing v11.
    case v18 = 18
  }

  /// Loads an uploaded file, treated as hostile, and its ``Col`` row last. The file is read on a thread of its own;
  /// `loader` is used on this one.
  ///
  /// Stamps are taken as they are. What the file holds is changed only where it could not be handed out again
  /// (collection-format.md 9.1):
  /// - numbers are read as SQLite converts them, a negative `usn` is 0, U+0000 goes from texts, ill-formed UTF-8
  ///   becomes U+FFFD; of graves with one kind and id one stays; the `usn` and `mtime` of config keys are 0;
  /// - deck names are normalised; the names of decks and notetypes get `_`, those of fields and templates `+`, until
  ///   they are unique under unicase. A deck or notetype that this changed is stamped as changed on the server, and
  ///   `mod` is one more than in the file, so that the device that sent it fetches the repair with its next sync.
  ///
  /// Everything else that an upgrading client would change stays as it is: names of notetypes that are not NFC, the
  /// control characters of fields, and eases of cards under options with an ease of 130 % or less.
  /// - Throws: ``CollectionFault`` where the file is at fault; else what `loader` throws, or a `StorageError` of ours.
  @discardableResult
  public static func read(
    path: String, limits: CollectionLimits = CollectionLimits(), into loader: any RowLoader
  ) throws -> CollectionSummary {
    try Handover<BatchGiver.Batch>.run { batches in
      try summary(of: path, limits, RowSink(BatchGiver(batches)))
    } taking: { batches in
      try batches.drain { try $0(loader) }
    }
  }

  private static func summary(
    of path: String, _ limits: CollectionLimits, _ sink: RowSink
  ) throws -> CollectionSummary {
    do {
      return try CollectionReader(path: path, limits: limits, sink: sink).run()
    } catch let failure as RowSink.Failure {
      throw failure.cause
    } catch let error as StorageError where !error.isOfTheFile {
      throw error
    } catch {
      throw CollectionFault(reading: error)
    }
  }

  /// Writes a new file that a client accepts (collection-format.md 8). Graves are left out: who downloads has no need
  /// of them. A file that could not be written whole is removed.
  /// - Parameter durable: waits until the file and its name are on the disk.
  /// - Throws: `conflict` where there is a file already.
  public static func write(
    schema version: Version, path: String, from rows: any RowReader, durable: Bool = false
  ) throws {
    try CollectionWriter.write(version, path: path, from: rows, durable: durable)
  }
}

/// What was loaded.
public struct CollectionSummary: Sendable, Equatable {
  public var notes: Int64 = 0
  public var cards: Int64 = 0
  public var reviews: Int64 = 0
  /// The stamps of the loaded ``Col`` row.
  public var mod: Int64 = 0
  public var scm: Int64 = 0
  public var usn: Int64 = 0

  init(_ col: Col) {
    (notes, cards, reviews) = (col.counts[.note], col.counts[.card], col.counts[.review])
    (mod, scm, usn) = (col.mod, col.scm, col.usn)
  }
}

/// How far an uploaded file is followed.
public struct CollectionLimits: Sendable, Equatable {
  /// Time for SQLite's part of the work; what the loader takes does not count.
  public var seconds: Double
  /// Bytes of one text or blob.
  public var valueBytes: Int32
  /// Bytes of all decks, options, notetypes, tags and config keys together: they are held in memory.
  public var objectBytes: Int

  public init(seconds: Double = 180, valueBytes: Int32 = 100_000_000, objectBytes: Int = 64 << 20) {
    (self.seconds, self.valueBytes, self.objectBytes) = (seconds, valueBytes, objectBytes)
  }
}
