import Foundation
import SQLiteFile
import SyncCore

/// Writes one file, whole or not at all.
struct CollectionWriter {
  private let version: CollectionFile.Version
  private let file: SQLiteConnection
  private let rows: any RowReader
  private let col: Col

  static func write(
    _ version: CollectionFile.Version, path: String, from rows: any RowReader, durable: Bool
  ) throws {
    guard !FileManager.default.fileExists(atPath: path) else {
      throw StorageError(.conflict, "there is a file at \(path) already")
    }
    do {
      try CollectionWriter(version, path, rows).run()
      guard durable else { return }
      try DurableFile.sync(path)
      try DurableFile.syncFolder(URL(fileURLWithPath: path).deletingLastPathComponent().path)
    } catch {
      try? FileManager.default.removeItem(atPath: path)
      // What is stored was checked when it came.
      if let error = error as? SyncError { throw StorageError(.corrupt, error.message) }
      throw error
    }
  }

  private init(_ version: CollectionFile.Version, _ path: String, _ rows: any RowReader) throws {
    (self.version, self.rows, col) = (version, rows, try rows.col())
    file = try SQLiteConnection(path: path, .readWriteCreate)
    try file.registerUnicase()
    // Nobody reads it yet and a failed one is removed, so nothing has to be rolled back or waited for.
    try file.execute(
      """
      PRAGMA page_size = 4096; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -4000
      """)
  }

  private func run() throws {
    let sortFields = try file.transaction(.immediate) {
      try file.execute(CollectionSchema.tables(version) + CollectionSchema.plainIndexes(version))
      let objects = try stored()
      try writeCol(version == .v11 ? LegacyTexts(objects) : LegacyTexts())
      if version == .v18 { try write(objects) }
      return objects.sortFields
    }
    // The engine's thread goes on reading while another one makes pages of what it has read.
    try Handover<PageWork>.run { work in
      try work.drain { try $0() }
    } giving: { work in
      try fillNotes(sortFields: sortFields, work)
      try fill(Card.self, work)
      try fill(Review.self, work)
    }
    try file.transaction(.immediate) { try file.execute(CollectionSchema.otherIndexes(version)) }
  }

  /// The collection's objects, fit for every client whatever happened to their names.
  private func stored() throws -> CollectionObjects {
    var objects = try CollectionObjects(rows)
    do {
      _ = try objects.repairNames(usn: col.usn, stamp: col.mod / 1000)
    } catch let fault as CollectionFault {
      throw StorageError(.corrupt, fault.cause)
    }
    return objects
  }

  private func writeCol(_ texts: LegacyTexts) throws {
    try file.statement("INSERT INTO col VALUES (1, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?)") { statement in
      // A client that just downloaded is in step: `ls` is `mod` (sync-protocol.md 6.12).
      let numbers = [col.crt, col.mod, col.scm, version.rawValue, col.usn, col.mod]
      for (index, number) in numbers.enumerated() { try statement.bind(number, at: Int32(index + 1)) }
      for (index, text) in texts.inOrder.enumerated() { try statement.bind(text, at: Int32(index + 7)) }
      try statement.run()
    }
  }

  /// Sort field and checksum are computed here (derived-values.md 1).
  private func fillNotes(sortFields: [Int64: Int], _ work: Handover<PageWork>) throws {
    let numbers = try NumericAffinity()
    try fill(Note.self, work) { note, columns in
      let derived = NoteText.derived(flds: NoteText.clean(note.flds), sortIndex: sortFields[note.mid] ?? 0)
      var row = FileNote(note: note, checksum: derived.checksum)
      try row.columns(&columns) { try numbers.write(derived.sortField, "sfld", to: &$0) }
    }
  }

  private func fill<R: Row>(
    _ type: R.Type, _ work: Handover<PageWork>,
    _ columns: @escaping (inout R, inout RowColumns) throws -> Void = { try $0.columns(&$1) }
  ) throws {
    let table = FilledTable(type, in: file, columns)
    var batch = RowsToFile<R>()
    try rows.scan(type) { row in
      guard try batch.append(row) else { return }
      let (rows, megabytes) = batch.take()
      try work.give({ try table.append(rows) }, weight: megabytes)
    }
    let (rest, megabytes) = batch.take()
    try work.give({ try table.append(rest) }, weight: megabytes)
    try work.give { try table.finish() }
  }

  private func write(_ objects: CollectionObjects) throws {
    try insert(objects.decks)
    try insert(objects.deckConfigs)
    try insert(objects.notetypes.map(\.notetype))
    try insert(objects.notetypes.flatMap(\.fields))
    try insert(objects.notetypes.flatMap(\.templates))
    try insert(objects.tags)
    try insert(objects.config)
  }

  private func insert<R: Row>(_ rows: [R]) throws {
    try file.statement(R.insertIntoFile) { statement in
      for var row in rows {
        try statement.bind(&row)
        try statement.run()
      }
    }
  }

  private func insert(_ tags: [Tag]) throws {
    try file.statement("INSERT INTO tags (tag, usn, collapsed, config) VALUES (?, ?, ?, ?)") { statement in
      for tag in tags {
        try statement.bind(tag.name, at: 1)
        try statement.bind(tag.usn, at: 2)
        try statement.bind(tag.collapsed ? 1 : 0, at: 3)
        if tag.config.isEmpty { try statement.bindNull(at: 4) } else { try statement.bind(tag.config, at: 4) }
        try statement.run()
      }
    }
  }

  private func insert(_ entries: [ConfigEntry]) throws {
    try file.statement("INSERT INTO config (KEY, usn, mtime_secs, val) VALUES (?, ?, ?, ?)") { statement in
      for entry in entries {
        try statement.bind(entry.name, at: 1)
        try statement.bind(entry.usn, at: 2)
        try statement.bind(entry.mtime, at: 3)
        try statement.bind(Array(entry.value.utf8), at: 4)
        try statement.run()
      }
    }
  }
}
