import Foundation
import SwiftProtobuf
public import SyncCore

/// The protobuf messages in rows: whether they can be read, and the few values that are needed of them
/// (collection-format.md 4). What a message holds besides, known or not, stays as it came.
public enum Blobs {
  /// - Throws: `invalid` where a message of the row cannot be read.
  public static func check(_ deck: Deck) throws(SyncError) {
    _ = try decode(deck.common, "deck", deck.id) as ProtoDeckCommon
    _ = try kind(of: deck)
  }

  /// - Throws: `invalid` where the message cannot be read.
  public static func check(_ config: DeckConfig) throws(SyncError) { _ = try options(of: config) }

  /// - Throws: `invalid` where the message cannot be read.
  public static func check(_ notetype: Notetype) throws(SyncError) {
    _ = try decode(notetype.config, "notetype", notetype.id) as ProtoNotetypeConfig
  }

  /// - Throws: `invalid` where the message cannot be read.
  public static func check(_ field: Field) throws(SyncError) {
    _ = try decode(field.config, "field of notetype", field.ntid) as ProtoFieldConfig
  }

  /// - Throws: `invalid` where the message cannot be read.
  public static func check(_ template: Template) throws(SyncError) {
    _ = try decode(template.config, "template of notetype", template.ntid) as ProtoTemplateConfig
  }

  /// The position of the field that notes are sorted by; it may lie beyond the fields (collection-format.md 6.3). 0
  /// where the message cannot be read.
  public static func sortField(of notetype: Notetype) -> Int {
    let config: ProtoNotetypeConfig? = try? decode(notetype.config, "notetype", notetype.id)
    return Int(config?.sortField ?? 0)
  }

  /// The id of the deck's options; nil for a filtered deck.
  public static func configID(of deck: Deck) throws(SyncError) -> Int64? {
    guard case .normal(let normal) = try kind(of: deck) else { return nil }
    return normal.configID
  }

  /// The ease of a card that leaves learning, such as 2.5.
  public static func initialEase(of config: DeckConfig) throws(SyncError) -> Float {
    try options(of: config).initialEase
  }

  /// Sets it; unknown fields of the message are kept, at its end.
  public static func setInitialEase(_ ease: Float, of config: inout DeckConfig) throws(SyncError) {
    var options = try options(of: config)
    options.initialEase = ease
    config.config = try encode(options)
  }
}

extension Blobs {
  static func options(of config: DeckConfig) throws(SyncError) -> ProtoDeckOptions {
    try decode(config.config, "deck options", config.id)
  }

  private static func kind(of deck: Deck) throws(SyncError) -> ProtoDeckKind.OneOf_Kind {
    let message: ProtoDeckKind = try decode(deck.kind, "deck", deck.id)
    guard let kind = message.kind else { throw refusal("deck", deck.id) }
    return kind
  }

  static func decode<M: Message>(_ bytes: [UInt8], _ what: StaticString, _ id: Int64) throws(SyncError) -> M {
    var options = BinaryDecodingOptions()
    // Ours are three deep; what a newer client adds is not looked into.
    options.messageDepthLimit = 20
    do {
      return try M(serializedBytes: bytes, options: options)
    } catch {
      throw refusal(what, id)
    }
  }

  static func encode(_ message: some Message) throws(SyncError) -> [UInt8] {
    do {
      return try message.serializedBytes()
    } catch {
      // Only for required fields and messages above 2 GiB.
      throw SyncError(.invalid, "an object is too large")
    }
  }

  static func refusal(_ what: StaticString, _ id: Int64) -> SyncError {
    SyncError(.invalid, "\(what) \(id): its protobuf message cannot be read")
  }
}
