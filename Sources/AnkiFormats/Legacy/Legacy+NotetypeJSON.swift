public import SyncCore

extension Legacy {
  /// Writes a notetype with its fields and templates (collection-format.md 6.3).
  /// - Throws: `invalid` where a message cannot be read.
  public static func json(of bundle: NotetypeBundle) throws(SyncError) -> JSONObject {
    let notetype = bundle.notetype
    let config: ProtoNotetypeConfig = try Blobs.decode(notetype.config, "notetype", notetype.id)
    var templates: [JSONValue] = []
    for (ord, template) in bundle.templates.enumerated() { templates.append(.object(try json(of: template, ord))) }
    var fields: [JSONValue] = []
    for (ord, field) in bundle.fields.enumerated() { fields.append(.object(try json(of: field, ord))) }
    var object: JSONObject = [
      "id": .int(notetype.id),
      "name": .string(notetype.name.string),
      "type": .int(config.kind == 1 ? 1 : 0),
      "mod": .int(notetype.mtime),
      "usn": .int(notetype.usn),
      "sortf": .int(Int64(config.sortField)),
      "did": .optionalInt(config.targetDeckID == 0 ? nil : config.targetDeckID),
      "tmpls": .array(templates),
      "flds": .array(fields),
      "css": .string(config.css),
      "latexPre": .string(config.latexPre),
      "latexPost": .string(config.latexPost),
      "latexsvg": .bool(config.latexSvg),
      "req": .array(config.reqs.map(json(of:))),
    ]
    if config.originalStockKind != 0 { object["originalStockKind"] = .int(Int64(config.originalStockKind)) }
    if config.hasOriginalID { object["originalId"] = .int(config.originalID) }
    object.fill(from: JSONObject(other: config.other))
    return object
  }

  private static func json(of requirement: ProtoCardRequirement) -> JSONValue {
    let kind = Int(requirement.kind)
    return .array([
      .int(Int64(requirement.cardOrd)),
      .string(requirementKinds.indices.contains(kind) ? requirementKinds[kind] : requirementKinds[0]),
      .array(requirement.fieldOrds.map { .int(Int64($0)) }),
    ])
  }

  private static func json(of field: Field, _ ord: Int) throws(SyncError) -> JSONObject {
    let config: ProtoFieldConfig = try Blobs.decode(field.config, "field of notetype", field.ntid)
    var object: JSONObject = [
      "name": .string(field.name.string),
      "ord": .int(Int64(ord)),
      "sticky": .bool(config.sticky),
      "rtl": .bool(config.rtl),
      "font": .string(config.fontName),
      "size": .int(Int64(UInt16(clamping: config.fontSize))),
      "description": .string(config.description_p),
      "plainText": .bool(config.plainText),
      "collapsed": .bool(config.collapsed),
      "excludeFromSearch": .bool(config.excludeFromSearch),
      "id": .optionalInt(config.hasID ? config.id : nil),
      "tag": .optionalInt(config.hasTag ? config.tag : nil),
      "preventDeletion": .bool(config.preventDeletion),
    ]
    object.fill(from: JSONObject(other: config.other))
    return object
  }

  private static func json(of template: Template, _ ord: Int) throws(SyncError) -> JSONObject {
    let config: ProtoTemplateConfig = try Blobs.decode(template.config, "template of notetype", template.ntid)
    var object: JSONObject = [
      "name": .string(template.name.string),
      "ord": .int(Int64(ord)),
      "qfmt": .string(config.question),
      "afmt": .string(config.answer),
      "bqfmt": .string(config.browserQuestion),
      "bafmt": .string(config.browserAnswer),
      "did": .optionalInt(config.targetDeckID > 0 ? config.targetDeckID : nil),
      "bfont": .string(config.browserFontName),
      "bsize": .int(Int64(UInt8(clamping: config.browserFontSize))),
      "id": .optionalInt(config.hasID ? config.id : nil),
    ]
    object.fill(from: JSONObject(other: config.other))
    return object
  }
}
