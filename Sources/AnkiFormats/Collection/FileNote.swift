import SQLiteFile
import SyncCore

/// A note as a collection file has it: with a sort field and a checksum between the texts and the flags
/// (collection-format.md 2).
struct FileNote {
  var note: Note
  var checksum: Int64

  /// Visits the columns in the file's order; `sortField` visits its one.
  mutating func columns(
    _ visitor: inout RowColumns, sortField: (inout RowColumns) throws -> Void
  ) throws {
    try visitor.integer("id", &note.id)
    try visitor.text("guid", &note.guid)
    try visitor.integer("mid", &note.mid)
    try visitor.integer("mod", &note.mod)
    try visitor.integer("usn", &note.usn)
    try visitor.text("tags", &note.tags)
    try visitor.text("flds", &note.flds)
    try sortField(&visitor)
    try visitor.integer("csum", &checksum)
    try visitor.integer("flags", &note.flags)
    try visitor.text("data", &note.data)
  }
}
