import AnkiFormats
import HTTPTypes
import HummingbirdCore
import NIOCore
import SyncCore

/// Framing of sync versions 8 to 10: a form that says who asks and holds the body (sync-protocol.md 2.4).
enum FormFraming {
  /// The boundary of a request that is a form of an old client, else nil (sync-protocol.md 2.5).
  static func boundary(of request: Request) throws(SyncError) -> String? {
    guard request.headers[.ankiSync] == nil, request.method == .post else { return nil }
    guard let type = request.headers[.contentType], type.lowercased().hasPrefix("multipart/") else { return nil }
    guard let boundary = HeaderParameter.named("boundary", in: type) else {
      throw SyncError(.invalid, "the form: its boundary is not told")
    }
    return boundary
  }

  /// Reads a form to its end. What is wrong with its payload is told by it, and not thrown: who sends it comes first,
  /// and the client looks for an answer only when all is sent.
  /// - Throws: what ``BodySpool`` throws while it is opened, `invalid`, and ``BodyInterrupted``.
  static func receive(
    _ stream: inout BodyStream, boundary: String, into spool: BodySpool
  ) async throws -> ReceivedForm {
    let receiver = FormReceiver(try FormParser(boundary: boundary, fields: ReceivedForm.fieldNames), spool)
    let first = try await stream.next() ?? ByteBuffer()
    try await spool.open()
    try await spool.work { try first.withUnsafeReadableBytes(receiver.take) }
    while let piece = try await stream.next() {
      try await spool.work { try piece.withUnsafeReadableBytes(receiver.take) }
    }
    return try await spool.work { try receiver.finish() }
  }

  /// What unpacks the payload, for a ``BodySpool``.
  static let unpack: @Sendable (_ limit: Int) throws -> any Decoder = { FormPayload(limit: $0) }
}

/// A form that came to its end.
struct ReceivedForm: Sendable {
  static let fieldNames: Set<String> = ["c", "k", "sk", "s", "v"]

  fileprivate(set) var fields: [String: String] = [:]
  /// The payload, or what is wrong with it.
  fileprivate(set) var body: Result<RequestBody, SyncError> = .success(.bytes([]))

  func head(_ method: SyncMethod, address: String) -> SyncHead {
    SyncHead(
      // `k` and `sk` are two names for one thing (sync-protocol.md 2.4).
      method: method, framing: .form, version: 10, hostKey: value("k") ?? value("sk") ?? "",
      session: value("s") ?? "", client: value("v") ?? "", address: address)
  }

  /// Anything but "0" means that the payload is compressed, even nothing (sync-protocol.md 2.4).
  fileprivate var isPacked: Bool { fields["c"].map { $0 != "0" } ?? false }

  private func value(_ name: String) -> String? { fields[name].flatMap { $0.isEmpty ? nil : $0 } }
}

/// Takes in one form. Calls may block, as those of its spool do.
///
/// Unchecked: it is used by one thread at a time, since whoever hands it a piece waits before handing it the next.
private final class FormReceiver: @unchecked Sendable {
  private var parser: FormParser
  private let spool: BodySpool
  private var form = ReceivedForm()
  private var problem: SyncError?

  init(_ parser: FormParser, _ spool: BodySpool) { (self.parser, self.spool) = (parser, spool) }

  func take(_ bytes: UnsafeRawBufferPointer) throws {
    parser.feed(bytes)
    while let event = try parser.next() {
      switch event {
      case .field(let name, let value): form.fields[name] = value
      case .payload(let piece): noting { try piece.withUnsafeBytes(spool.inflate) }
      }
    }
  }

  func finish() throws -> ReceivedForm {
    try parser.finish()
    noting { form.body = .success(try spool.finish(packed: form.isPacked)) }
    if let problem { form.body = .failure(problem) }
    return form
  }

  /// Works as long as nothing is wrong.
  private func noting(_ work: () throws -> Void) {
    guard problem == nil else { return }
    do { try work() } catch let error as SyncError { problem = error } catch {
      problem = SyncError(.failed, "a body could not be taken in: \(ErrorResponse.cause(of: error))")
    }
  }
}
