import SyncCore

/// The JSON of the collection sync (sync-protocol.md 6 and 10): requests to values, values to replies.
///
/// Requests are taken as any collection of bytes that lie together; what cannot be read is refused as `invalid`, with a
/// message that names the place and holds no content.
public enum Wire {
  /// The reply of methods that have nothing to say (sync-protocol.md 4).
  public static let null = Array("null".utf8)

  /// Reads the object that is the whole of a small request.
  static func object(_ bytes: some Collection<UInt8>, _ place: StaticString) throws(SyncError) -> ObjectReader {
    do {
      guard let object = try JSONValue(parsing: bytes).object else { throw refusal(place) }
      return ObjectReader(object, place)
    } catch let error as JSONError {
      throw refusal(place, error)
    } catch {
      throw refusal(place)
    }
  }

  /// Reads a request that may be large, in place.
  static func reading<T>(
    _ bytes: some Collection<UInt8>, _ place: StaticString, _ body: (JSONReader) throws -> T
  ) throws -> T {
    func read(_ bytes: UnsafeBufferPointer<UInt8>) throws -> T { try body(JSONReader(bytes)) }
    do {
      return try bytes.withContiguousStorageIfAvailable(read) ?? Array(bytes).withUnsafeBufferPointer(read)
    } catch let error as JSONError {
      throw refusal(place, error)
    }
  }

  static func refusal(_ place: StaticString, _ cause: JSONError? = nil) -> SyncError {
    SyncError(.invalid, "\(place): " + (cause.map { "not JSON, \($0)" } ?? "not as it should be"))
  }
}

extension JSONReader {
  /// Finds members, where the value must be an object.
  func members(_ keys: [String], _ place: StaticString) throws -> [JSONReader?] {
    guard let found = try members(keys) else { throw Wire.refusal(place) }
    return found
  }
}
