#if canImport(Darwin)
  import Foundation
#else
  // Foundation's composition loses marks of long sequences and misjudges Korean; the standard library has a right one,
  // but keeps it to itself.
  @_spi(_Unicode) import Swift
#endif

/// Canonical composition, which clients apply to names and to the fields of their own edits.
public enum NFC {
  public static func compose(_ string: String) -> String {
    // Nothing below U+0300 composes, and in UTF-8 every byte of it is below CC.
    if string.utf8.allSatisfy({ $0 < 0xCC }) { return string }
    #if canImport(Darwin)
      return string.precomposedStringWithCanonicalMapping
    #else
      var composed = String.UnicodeScalarView()
      composed.append(contentsOf: dissolvingTibetan(string)._nfc)
      return String(composed)
    #endif
  }

  #if !canImport(Darwin)
    /// The three vowels that are two marks of different classes, taken apart: the standard library orders the two as
    /// if they were one.
    private static func dissolvingTibetan(_ string: String) -> String {
      let isVowel = { (scalar: Unicode.Scalar) in scalar == "\u{F73}" || scalar == "\u{F75}" || scalar == "\u{F81}" }
      guard string.unicodeScalars.contains(where: isVowel) else { return string }
      var scalars = String.UnicodeScalarView()
      for scalar in string.unicodeScalars {
        switch scalar {
        case "\u{F73}": scalars.append(contentsOf: ["\u{F71}", "\u{F72}"])
        case "\u{F75}": scalars.append(contentsOf: ["\u{F71}", "\u{F74}"])
        case "\u{F81}": scalars.append(contentsOf: ["\u{F71}", "\u{F80}"])
        default: scalars.append(scalar)
        }
      }
      return String(scalars)
    }
  #endif
}
