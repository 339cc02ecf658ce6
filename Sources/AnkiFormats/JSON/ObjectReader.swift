import SyncCore

/// A JSON object while its known keys are read (collection-format.md 5).
struct ObjectReader {
  let object: JSONObject
  /// What it is, for the message of a refusal.
  let place: StaticString

  init(_ object: JSONObject, _ place: StaticString) { (self.object, self.place) = (object, place) }

  /// "req": missing or ill-typed, the object is refused.
  func required<T>(_ key: String, _ read: (JSONValue) -> T?) throws(SyncError) -> T {
    guard let value = object[key].flatMap(read) else { throw refusal(key) }
    return value
  }

  /// "def": the fallback where it is missing; ill-typed, the object is refused.
  func optional<T>(_ key: String, _ fallback: T, _ read: (JSONValue) -> T?) throws(SyncError) -> T {
    guard let value = object[key] else { return fallback }
    guard let value = read(value) else { throw refusal(key) }
    return value
  }

  /// "def/inv": the fallback where it is missing or ill-typed.
  func lenient<T>(_ key: String, _ fallback: T, _ read: (JSONValue) -> T?) -> T {
    object[key].flatMap(read) ?? fallback
  }

  /// "req/inv": the fallback where it is ill-typed; missing, the object is refused.
  func present<T>(_ key: String, _ fallback: T, _ read: (JSONValue) -> T?) throws(SyncError) -> T {
    guard let value = object[key] else { throw refusal(key) }
    return read(value) ?? fallback
  }

  func refusal(_ key: String) -> SyncError {
    SyncError(.invalid, "\(place): \"\(key)\" is missing or of the wrong type")
  }
}

extension JSONValue {
  var uint32: UInt32? { int.flatMap { UInt32(exactly: $0) } }
  /// The integer, kept within the range of the message's field.
  var clampedUInt32: UInt32? { int.map { UInt32(clamping: $0) } }
  var clampedInt32: Int32? { int.map { Int32(clamping: $0) } }
  var float: Float? {
    switch self {
    case .int(let value): Float(value)
    case .number(let text): Float(text)
    default: nil
    }
  }
  var floats: [Float]? {
    guard let array else { return nil }
    let floats = array.compactMap(\.float)
    return floats.count == array.count ? floats : nil
  }
  /// "bool from anything": old clients write 1 or "true".
  var anyBool: Bool? {
    switch self {
    case .bool(let value): value
    case .int, .number: double.map { $0 != 0 }
    case .string(let text): ["true", "1"].contains(text.lowercased())
    case .null, .array, .object: nil
    }
  }
}

extension JSONObject {
  /// The unknown keys as the bytes of a message's field 255; none at all where there are none.
  var otherBytes: [UInt8] { isEmpty ? [] : JSONWriter.bytes(of: .object(self)) }

  /// What such a field holds; nothing where that is no object.
  init(other bytes: some Collection<UInt8>) {
    self = (try? JSONValue(parsing: bytes))?.object ?? JSONObject()
  }
}

extension JSONValue {
  static func floats(_ values: [Float]) -> JSONValue { .array(values.map(JSONValue.float)) }
  static func optionalInt(_ value: (some BinaryInteger)?) -> JSONValue { value.map { .int(Int64($0)) } ?? .null }
}
