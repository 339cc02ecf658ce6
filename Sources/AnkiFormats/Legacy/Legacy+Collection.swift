public import SyncCore

extension Legacy {
  /// The entries of a configuration, each with the JSON of its value (collection-format.md 7).
  public static func config(from object: JSONObject) -> [ConfigEntry] {
    object.members.map { member in
      ConfigEntry(Text(member.key), Text(String(decoding: JSONWriter.bytes(of: member.value), as: UTF8.self)))
    }
  }

  /// - Throws: `invalid` where the value of an entry is not JSON.
  public static func json(of entries: [ConfigEntry]) throws(SyncError) -> JSONObject {
    var members: [JSONObject.Member] = []
    members.reserveCapacity(entries.count)
    for entry in entries {
      do {
        members.append(JSONObject.Member(entry.name.string, try JSONValue(parsing: entry.value.utf8)))
      } catch {
        throw SyncError(.invalid, "a value of the configuration is not JSON: \(error)")
      }
    }
    return JSONObject(members)
  }

  /// The tags of schema 11: names with their usn (collection-format.md 6.4). Whether they are collapsed is not known
  /// there, so they are.
  public static func tags(from object: JSONObject) -> [Tag] {
    object.members.map { Tag(Text($0.key), usn: $0.value.int ?? 0) }
  }

  public static func json(of tags: [Tag]) -> JSONObject {
    JSONObject(tags.map { JSONObject.Member($0.name.string, .int($0.usn)) })
  }
}
