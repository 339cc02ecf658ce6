import SyncCore

/// Hands rows to a loader in batches of bounded size, and keeps what the ``Col`` row says about them.
final class RowSink {
  /// An error of the loader, so that it is not taken for one of the file.
  struct Failure: Error { let cause: any Error }

  /// How many rows and bytes of text go to the loader at once.
  static let batchRows = 1000
  static let batchBytes = 1 << 20

  var col = Col()
  /// How long the loader took so far.
  private(set) var loading = Duration.zero
  private let loader: any RowLoader

  init(_ loader: any RowLoader) { self.loader = loader }

  /// Counts the rows and hands them over.
  func append<R: ChangeTracked>(_ rows: [R], _ kind: ObjectKind) throws {
    col.counts[kind] &+= Int64(rows.count)
    col.highest[kind] = rows.reduce(col.highest[kind]) { max($0, $1.usn) }
    try hand(rows)
  }

  func append(_ bundle: NotetypeBundle) throws {
    try append([bundle.notetype], .notetype)
    try hand(bundle.fields)
    try hand(bundle.templates)
  }

  /// The last row: how the collection stands.
  func finish() throws { try hand([col]) }

  private func hand<R: Row>(_ rows: [R]) throws {
    guard !rows.isEmpty else { return }
    loading += try ContinuousClock().measure {
      do { try loader.append(rows) } catch { throw Failure(cause: error) }
    }
  }
}

/// Hands the batches to a loader on another thread.
final class BatchGiver: RowLoader {
  typealias Batch = (any RowLoader) throws -> Void
  private let batches: Handover<Batch>

  init(_ batches: Handover<Batch>) { self.batches = batches }

  func append<R: Row>(_ rows: [R]) throws {
    var weight = RowWeight<R>()
    for row in rows { try weight.add(row) }
    try batches.give({ try $0.append(rows) }, weight: weight.megabytes)
  }
}
