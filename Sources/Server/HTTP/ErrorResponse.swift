import HTTPTypes
import Hummingbird
import NIOCore
import SyncCore

/// The one place where an error becomes an HTTP status (sync-protocol.md 3).
enum ErrorResponse {
  static func status(for error: any Error) -> HTTPResponse.Status {
    switch error {
    case let error as SyncError: status(for: error.code)
    case let error as StorageError: status(for: error.code)
    // Work is cancelled when the server stops: the client may try again.
    case is CancellationError: .serviceUnavailable
    default: .internalServerError
    }
  }

  private static func status(for code: SyncError.Code) -> HTTPResponse.Status {
    switch code {
    case .invalid: .badRequest
    case .forbidden: .forbidden
    case .notFound: .notFound
    case .sessionConflict: .conflict
    case .unsupported: .notImplemented
    case .tooManyLogins: .tooManyRequests
    case .tooLarge: .contentTooLarge
    case .unavailable: .serviceUnavailable
    case .failed: .internalServerError
    }
  }

  private static func status(for code: StorageError.Code) -> HTTPResponse.Status {
    switch code {
    case .sealed: .conflict
    case .conflict, .unavailable, .full: .serviceUnavailable
    case .invalid: .badRequest
    // A schema that the pointer names and that is not there: a fault of ours that waiting does not mend. Never 404,
    // which would be about the address, nor 403, which would log the user out.
    case .notFound, .tooNew, .corrupt: .internalServerError
    }
  }

  /// What a person reads who looks. Clients ignore it; what the storage says of itself is for the log.
  static func text(for error: any Error) -> String {
    guard let error = error as? SyncError else { return status(for: error).reasonPhrase }
    return error.message
  }

  /// What the log gets. An error that is nobody's may quote anything, so only its type is named.
  static func cause(of error: any Error) -> String {
    switch error {
    case let error as SyncError: error.message
    case let error as StorageError: error.message
    default: String(reflecting: type(of: error))
    }
  }

  /// - Parameter closes: whether the body was left unread, so the connection is of no further use.
  static func response(_ status: HTTPResponse.Status, _ text: String, closes: Bool = false) -> Response {
    var headers: HTTPFields = [.contentType: "text/plain; charset=utf-8"]
    if closes { headers[.connection] = "close" }
    let body = ByteBuffer(string: "\(status.code) \(text)\n")
    return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: body))
  }
}
