import Foundation
public import SyncCore

extension Legacy {
  /// Reads a notetype with its fields and templates, whose positions are those in the lists (collection-format.md 6.3).
  /// - Throws: `invalid`, naming the key.
  public static func notetype(from object: JSONObject) throws(SyncError) -> NotetypeBundle {
    let reader = ObjectReader(object, "notetype")
    var notetype = Notetype()
    notetype.id = try reader.required("id", \.intOrDecimal)
    notetype.name = Text(try reader.required("name", \.string))
    notetype.mtime = try reader.required("mod", \.int)
    notetype.usn = try reader.required("usn", \.int)
    notetype.config = try Blobs.encode(try config(reader))
    var bundle = NotetypeBundle(notetype, fields: [], templates: [])
    for (ord, object) in try reader.required("flds", \.objects).enumerated() {
      bundle.fields.append(try field(from: object, ntid: notetype.id, ord: Int64(ord)))
    }
    for (ord, object) in try reader.required("tmpls", \.objects).enumerated() {
      bundle.templates.append(try template(from: object, ntid: notetype.id, ord: Int64(ord)))
    }
    return bundle
  }

  private static func config(_ reader: ObjectReader) throws(SyncError) -> ProtoNotetypeConfig {
    var config = ProtoNotetypeConfig()
    config.kind = try reader.required("type") { $0.int == 0 ? 0 : $0.int == 1 ? 1 : nil }
    config.sortField = try reader.required("sortf", \.uint32)
    config.targetDeckID = try reader.present("did", 0, \.int)
    config.css = try reader.present("css", "", \.string)
    config.latexPre = try reader.optional("latexPre", "", \.string)
    config.latexPost = try reader.optional("latexPost", "", \.string)
    config.latexSvg = reader.lenient("latexsvg", false, \.bool)
    config.reqs = reader.lenient("req", [], requirements)
    config.originalStockKind = try reader.optional("originalStockKind", 0, \.clampedInt32)
    if let id = reader.object["originalId"]?.int { config.originalID = id }
    config.other = Data(reader.object.without(NotetypeKeys.notetype).otherBytes)
    return config
  }

  private static func requirements(_ value: JSONValue) -> [ProtoCardRequirement]? {
    guard let array = value.array else { return nil }
    let requirements = array.compactMap(requirement)
    return requirements.count == array.count ? requirements : nil
  }

  private static func requirement(_ value: JSONValue) -> ProtoCardRequirement? {
    guard let parts = value.array, parts.count == 3, let ord = parts[0].uint32,
      let kind = requirementKinds.firstIndex(where: { .string($0) == parts[1] }), let ords = parts[2].array
    else { return nil }
    var requirement = ProtoCardRequirement()
    (requirement.cardOrd, requirement.kind) = (ord, Int32(kind))
    requirement.fieldOrds = ords.compactMap(\.uint32)
    return requirement.fieldOrds.count == ords.count ? requirement : nil
  }

  private static func field(from object: JSONObject, ntid: Int64, ord: Int64) throws(SyncError) -> Field {
    let reader = ObjectReader(object, "field")
    var config = ProtoFieldConfig()
    config.sticky = try reader.required("sticky", \.anyBool)
    config.rtl = try reader.required("rtl", \.anyBool)
    config.fontName = try reader.required("font", \.string)
    config.fontSize = try reader.required("size") { $0.int.flatMap { UInt16(exactly: $0) }.map { UInt32($0) } }
    config.description_p = reader.lenient("description", "", \.string)
    config.plainText = reader.lenient("plainText", false, \.bool)
    config.collapsed = reader.lenient("collapsed", false, \.bool)
    config.excludeFromSearch = reader.lenient("excludeFromSearch", false, \.bool)
    config.preventDeletion = reader.lenient("preventDeletion", false, \.bool)
    if let id = object["id"]?.int { config.id = id }
    if let tag = object["tag"]?.uint32 { config.tag = tag }
    config.other = Data(object.without(NotetypeKeys.field).otherBytes)
    var field = Field()
    (field.ntid, field.ord) = (ntid, ord)
    field.name = Text(try reader.required("name", \.string))
    field.config = try Blobs.encode(config)
    return field
  }

  private static func template(from object: JSONObject, ntid: Int64, ord: Int64) throws(SyncError) -> Template {
    let reader = ObjectReader(object, "template")
    var config = ProtoTemplateConfig()
    config.question = try reader.required("qfmt", \.string)
    config.answer = try reader.optional("afmt", "", \.string)
    config.browserQuestion = try reader.optional("bqfmt", "", \.string)
    config.browserAnswer = try reader.optional("bafmt", "", \.string)
    config.targetDeckID = reader.lenient("did", 0, \.int)
    config.browserFontName = reader.lenient("bfont", "", \.string)
    config.browserFontSize = reader.lenient("bsize", 0) { $0.int.flatMap { UInt8(exactly: $0) }.map { UInt32($0) } }
    if let id = object["id"]?.int { config.id = id }
    config.other = Data(object.without(NotetypeKeys.template).otherBytes)
    var template = Template()
    (template.ntid, template.ord) = (ntid, ord)
    template.name = Text(try reader.required("name", \.string))
    template.config = try Blobs.encode(config)
    return template
  }

  /// What a card needs to exist, by number.
  static let requirementKinds = ["none", "any", "all"]
}

extension JSONValue {
  fileprivate var objects: [JSONObject]? {
    guard let array else { return nil }
    let objects = array.compactMap(\.object)
    return objects.count == array.count ? objects : nil
  }
}

/// The keys that the messages of a notetype have fields for.
private enum NotetypeKeys {
  static let notetype: Set<Text> = [
    "id", "name", "type", "mod", "usn", "sortf", "did", "tmpls", "flds", "css", "latexPre", "latexPost", "latexsvg",
    "req", "originalStockKind", "originalId",
  ]
  static let field: Set<Text> = [
    "name", "ord", "sticky", "rtl", "font", "size", "description", "plainText", "collapsed", "excludeFromSearch",
    "preventDeletion", "id", "tag",
  ]
  static let template: Set<Text> = [
    "name", "ord", "qfmt", "afmt", "bqfmt", "bafmt", "did", "bfont", "bsize", "id",
  ]
}
