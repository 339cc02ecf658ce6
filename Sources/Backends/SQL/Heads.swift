import SyncCore

/// What a transaction learns of its schema when it begins: the version, and the rows that most transactions ask for
/// first (``Schema/Kind/heads(isWriting:)``).
final class Heads {
  let questions: [String]
  private(set) var version: Int64?
  private let types: [any Row.Type]
  /// By type, the row or none: as the answer has it, which may come late, and as the transaction itself has written it.
  private var answered: [ObjectIdentifier: any Row] = [:]
  private var written: [ObjectIdentifier: [any Row]] = [:]

  /// - Parameter questions: what asks for these rows (``ServerDialect/questions(_:isWriting:)``).
  init(_ types: [any Row.Type], _ questions: [String]) { (self.types, self.questions) = (types, questions) }

  func take(_ answer: inout some ServerAnswer) throws {
    var version: Int64 = 0
    try answer.integer("version", &version)
    self.version = version
    for type in types { answered[ObjectIdentifier(type)] = try Self.row(type, &answer) }
  }

  /// Whether this asks for one of them, and nothing else.
  func answer<R: Row>(_ selection: Selection<R>) -> Bool {
    guard isHead(R.self), case .keys(let keys) = selection, keys.count == 1 else { return false }
    return Self.isHead(keys[0])
  }

  /// The row as the transaction sees it, once its opening is answered.
  func rows<R: Row>(_ type: R.Type) -> [R] {
    guard let own = written[ObjectIdentifier(type)] else { return found(type).map { [$0] } ?? [] }
    return own.compactMap { $0 as? R }
  }

  /// The row that was there when the transaction began.
  func found<R: Row>(_ type: R.Type) -> R? { answered[ObjectIdentifier(type)] as? R }

  // MARK: What the transaction writes

  func upsert<R: Row>(_ rows: [R]) {
    guard isHead(R.self), let row = rows.last(where: { Self.isHead($0.key) }) else { return }
    written[ObjectIdentifier(R.self)] = [row]
  }

  func delete<R: Row>(_ type: R.Type, _ keys: [R.Key]) {
    if isHead(type), keys.contains(where: Self.isHead) { clear(type) }
  }

  func clear(_ type: any Row.Type) { written[ObjectIdentifier(type)] = [] }

  private func isHead(_ type: any Row.Type) -> Bool { types.contains { $0 == type } }
  private static func isHead(_ key: some RowKey) -> Bool { key as? Int64 == 1 }

  private static func row<R: Row>(_ type: R.Type, _ answer: inout some ServerAnswer) throws -> R? {
    guard !answer.passes(nulls: R.table.columns.count) else { return nil }
    return try answer.row()
  }
}

/// The questions that transactions begin with, made once.
struct OpeningQuestions: Sendable {
  /// Those for the version alone, and by the kind of the schema.
  private struct Texts: Sendable {
    let version: [String]
    let heads: [Schema.Kind: [String]]
  }

  private let reading: Texts
  private let writing: Texts

  init(_ dialect: ServerDialect) {
    func texts(_ isWriting: Bool) -> Texts {
      let heads = Schema.Kind.allCases.map { kind in
        (kind, dialect.questions(kind.heads(isWriting: isWriting).map { $0.table }, isWriting: isWriting))
      }
      return Texts(version: dialect.questions([], isWriting: isWriting), heads: Dictionary(uniqueKeysWithValues: heads))
    }
    (reading, writing) = (texts(false), texts(true))
  }

  func heads(of kind: Schema.Kind, isWriting: Bool) -> Heads {
    let texts = isWriting ? writing : reading
    return Heads(kind.heads(isWriting: isWriting), texts.heads[kind, default: texts.version])
  }

  /// For the version alone.
  func version(isWriting: Bool) -> Heads { Heads([], (isWriting ? writing : reading).version) }
}
