import Foundation
import SyncCore

/// What the client derived from texts, names and times: Fixtures/derived.json, made by make_derived.py.
struct Derived: Decodable {
  let notes: [NoteCase]
  let decks: [NameCase]
  let tags: [TagsCase]
  let orders: [OrderCase]
  let queues: [QueueCase]
  let days: [DayCase]

  static func load() throws -> Derived {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let file = tests.deletingLastPathComponent().appending(path: "Fixtures/derived.json")
    return try JSONDecoder().decode(Derived.self, from: Data(contentsOf: file))
  }
}

struct NoteCase: Decodable {
  let given: Text
  let flds: Text
  let sortIndex: Int
  /// Nil where the client's database made a number of it.
  let sortField: Text?
  let checksum: Int64

  init(from decoder: any Decoder) throws {
    var values = try decoder.unkeyedContainer()
    given = Text(try values.decode(String.self))
    flds = Text(try values.decode(String.self))
    sortIndex = try values.decode(Int.self)
    sortField = try values.decode(String?.self).map { Text($0) }
    checksum = try values.decode(Int64.self)
  }
}

struct NameCase: Decodable {
  let given: String
  let stored: Text

  init(from decoder: any Decoder) throws {
    var values = try decoder.unkeyedContainer()
    given = try values.decode(String.self)
    stored = Text(try values.decode(String.self))
  }
}

struct TagsCase: Decodable {
  let registered: [NameCase]
  let list: [String]

  init(from decoder: any Decoder) throws {
    var values = try decoder.unkeyedContainer()
    registered = try values.decode([NameCase].self)
    list = try values.decode([String].self)
  }
}

struct OrderCase: Decodable {
  let a: String
  let b: String
  let sign: Int

  init(from decoder: any Decoder) throws {
    var values = try decoder.unkeyedContainer()
    a = try values.decode(String.self)
    b = try values.decode(String.self)
    sign = try values.decode(Int.self)
  }
}

struct QueueCase: Decodable {
  let card: Card
  let queue: Int64

  init(from decoder: any Decoder) throws {
    var values = try decoder.unkeyedContainer()
    var card = Card()
    card.type = try values.decode(Int64.self)
    card.queue = try values.decode(Int64.self)
    card.due = try values.decode(Int64.self)
    self.card = card
    queue = try values.decode(Int64.self)
  }
}

struct DayCase: Decodable {
  let crt: Int64
  let now: Int64
  let schedulerVersion: Int64?
  let rollover: Int64?
  let creationOffset: Int64?
  let localOffset: Int64?
  let day: Int64

  init(from decoder: any Decoder) throws {
    var values = try decoder.unkeyedContainer()
    crt = try values.decode(Int64.self)
    now = try values.decode(Int64.self)
    schedulerVersion = try values.decode(Int64?.self)
    rollover = try values.decode(Int64?.self)
    creationOffset = try values.decode(Int64?.self)
    localOffset = try values.decode(Int64?.self)
    day = try values.decode(Int64.self)
  }
}
