/// A value within a large JSON text, found but not built: the elements of an array are handed out one by one.
///
/// It points into the text, and must not outlive it.
public struct JSONReader {
  private let bytes: UnsafeBufferPointer<UInt8>
  private let start: Int

  /// The value that is the whole text. Nothing is checked yet.
  public init(_ bytes: UnsafeBufferPointer<UInt8>) { self.init(bytes, at: 0) }

  private init(_ bytes: UnsafeBufferPointer<UInt8>, at start: Int) { (self.bytes, self.start) = (bytes, start) }

  /// Finds the members with these keys, of equal keys the last one; nil for those that are missing, and nothing at all
  /// where the value is no object. Every other member is skipped.
  /// - Throws: where the value, or what stands behind the whole text, is not JSON.
  public func members(_ keys: [String]) throws(JSONError) -> [JSONReader?]? {
    var scanner = JSONScanner(bytes, at: start)
    guard try scanner.peek() == UInt8(ascii: "{") else { return nil }
    var found = [JSONReader?](repeating: nil, count: keys.count)
    var isFirst = true
    try scanner.open()
    while try scanner.hasElement(before: UInt8(ascii: "}"), &isFirst) {
      let key = try scanner.key()
      let place = keys.firstIndex { $0.hasSameBytes(as: key) }
      if let place { found[place] = JSONReader(bytes, at: scanner.position) }
      try scanner.skip()
    }
    if start == 0 { try scanner.expectEnd() }
    return found
  }

  /// Reads the value.
  public func value() throws(JSONError) -> JSONValue {
    var scanner = JSONScanner(bytes, at: start)
    return try scanner.value()
  }

  public func isNull() throws(JSONError) -> Bool {
    var scanner = JSONScanner(bytes, at: start)
    return try scanner.peek() == UInt8(ascii: "n")
  }

  /// The elements of an array; nil where the value is no array, or one with more elements than that.
  public func elements(atMost limit: Int) throws -> [JSONReader]? {
    var found: [JSONReader] = []
    let isArray = try walk { scanner in
      if found.count <= limit { found.append(JSONReader(bytes, at: scanner.position)) }
      try scanner.skip()
    }
    return isArray && found.count <= limit ? found : nil
  }

  /// Hands each element of an array to `body`, in order.
  /// - Returns: false where the value is no array.
  public func forEachElement(_ body: (JSONValue) throws -> Void) throws -> Bool {
    try walk { scanner in try body(try scanner.value()) }
  }

  private func walk(_ element: (inout JSONScanner) throws -> Void) throws -> Bool {
    var scanner = JSONScanner(bytes, at: start)
    guard try scanner.peek() == UInt8(ascii: "[") else { return false }
    var isFirst = true
    try scanner.open()
    while try scanner.hasElement(before: UInt8(ascii: "]"), &isFirst) { try element(&scanner) }
    return true
  }
}
