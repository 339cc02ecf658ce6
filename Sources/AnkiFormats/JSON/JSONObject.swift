import SyncCore

/// The members of a JSON object, in the order in which they came. No key occurs twice.
public struct JSONObject: Sendable {
  public struct Member: Sendable, Equatable {
    public var key: String
    public var value: JSONValue

    public init(_ key: String, _ value: JSONValue) { (self.key, self.value) = (key, value) }

    public static func == (a: Member, b: Member) -> Bool { a.key.hasSameBytes(as: b.key) && a.value == b.value }
  }

  public private(set) var members: [Member] = []

  public init() {}

  /// Of members with one key the last one counts, at the place of the first (sync-protocol.md 13, trap 40).
  public init(_ given: [Member]) {
    guard given.count > 1 else {
      members = given
      return
    }
    var places: [Text: Int] = [:]
    places.reserveCapacity(given.count)
    members.reserveCapacity(given.count)
    for member in given {
      if let place = places.updateValue(members.count, forKey: Text(member.key)) {
        places[Text(member.key)] = place
        members[place].value = member.value
      } else {
        members.append(member)
      }
    }
  }

  public var isEmpty: Bool { members.isEmpty }
  public var keys: [String] { members.map(\.key) }

  /// The value of a key, compared byte by byte. Setting nil removes the member.
  public subscript(key: String) -> JSONValue? {
    get { place(of: key).map { members[$0].value } }
    set {
      switch (place(of: key), newValue) {
      case (let place?, let value?): members[place].value = value
      case (let place?, nil): members.remove(at: place)
      case (nil, let value?): members.append(Member(key, value))
      case (nil, nil): break
      }
    }
  }

  private func place(of key: String) -> Int? { members.firstIndex { $0.key.hasSameBytes(as: key) } }

  /// The members whose keys are not among these.
  func without(_ keys: Set<Text>) -> JSONObject {
    var rest = JSONObject()
    rest.members = members.filter { !keys.contains(Text($0.key)) }
    return rest
  }

  /// Adds those members of `others` whose keys are not here yet.
  mutating func fill(from others: JSONObject) {
    members += others.members.filter { self[$0.key] == nil }
  }
}

extension JSONObject: Equatable {
  /// The same keys with the same values, in any order.
  public static func == (a: JSONObject, b: JSONObject) -> Bool {
    if a.members == b.members { return true }
    guard a.members.count == b.members.count else { return false }
    let values = Dictionary(uniqueKeysWithValues: b.members.map { (Text($0.key), $0.value) })
    return a.members.allSatisfy { values[Text($0.key)] == $0.value }
  }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    self.init(elements.map { Member($0.0, $0.1) })
  }
}
