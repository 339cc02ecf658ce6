/// The names of media files: what is kept of a name that a client gives (sync-protocol.md 7.4, 7.6). A name never
/// becomes a path.
public enum MediaName {
  /// Bytes of the longest name that is kept as it is, and of the longest that normalising yields.
  static let longest = 255
  static let longestNormal = 120
  private static let longestExtension = 20

  /// The name under which an added file is kept; nil where nothing is left of it. No name is refused, which would
  /// block its device at every sync (H-15).
  public static func stored(_ name: String) -> Text? {
    let composed = NFC.compose(name)
    let kept = isHarmless(composed) ? composed : normalised(composed)
    return kept.isEmpty ? nil : Text(kept)
  }

  /// Whether a file can have this very name here. Deletions of others mean nothing: a client that renamed a file to
  /// its NFC form deletes the old name, and keeps the other.
  public static func canBeStored(_ name: String) -> Bool { stored(name) == Text(name) }

  /// The name as clients write it to their folders (sync-protocol.md 7.6).
  static func normalised(_ name: String) -> String {
    var scalars = String.UnicodeScalarView()
    for scalar in NFC.compose(name).unicodeScalars where !isForbidden(scalar) {
      scalars.append(scalar == "\u{A0}" ? " " : scalar)
    }
    let cut = shortened(withoutDeviceName(String(scalars)))
    return endsBadly(cut) ? cut + "_" : cut
  }

  private static func isHarmless(_ name: String) -> Bool {
    guard name.utf8.count <= longest, !name.utf8.elementsEqual(".".utf8), !name.utf8.elementsEqual("..".utf8) else {
      return false
    }
    return !name.utf8.contains { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") || $0 == 0 }
  }

  private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.value < 0x20 || scalar.value == 0x7F { return true }
    if scalar.isASCII { return forbidden.contains(UInt8(truncatingIfNeeded: scalar.value)) }
    return scalar.properties.generalCategory == .unassigned
  }
  private static let forbidden = Set("[]<>:\"/?*^\\|".utf8)

  /// Names of devices on Windows, alone or before a dot, get an underscore.
  private static func withoutDeviceName(_ name: String) -> String {
    let stem = name.prefix { $0 != "." }
    guard devices.contains(stem.lowercased()) else { return name }
    return stem + "_" + name.dropFirst(stem.count)
  }
  private static let devices: Set<String> = Set(
    ["con", "prn", "aux", "nul"] + (1...9).flatMap { ["com\($0)", "lpt\($0)"] })

  /// At most 120 bytes, with room for a last underscore where something was cut; an extension stays.
  private static func shortened(_ name: String) -> String {
    guard name.utf8.count > longestNormal || name.utf8.count == longestNormal && endsBadly(name) else { return name }
    let dot = name.lastIndex(of: ".") ?? name.endIndex
    let suffix = name[dot...]
    let kept = suffix.utf8.count <= longestExtension ? suffix : ""
    return prefix(of: name, bytes: longestNormal - 1 - kept.utf8.count) + kept
  }

  private static func endsBadly(_ name: String) -> Bool { name.utf8.last == 0x20 || name.utf8.last == 0x2E }

  /// As many whole scalars as fit.
  private static func prefix(of name: String, bytes: Int) -> String {
    var scalars = String.UnicodeScalarView()
    var count = 0
    for scalar in name.unicodeScalars {
      count += UTF8.width(scalar)
      guard count <= bytes else { break }
      scalars.append(scalar)
    }
    return String(scalars)
  }
}
