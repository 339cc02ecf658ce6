/// A piece of a page. What the source says literally is markup; whatever is put into it is text, and escaped.
///
///     let cell: HTML = "<td>\(whateverSomebodySent)</td>"
struct HTML: ExpressibleByStringInterpolation, Equatable, Sendable {
  let text: String

  /// For literals: use an interpolation for everything else.
  init(stringLiteral literal: StaticString) { text = "\(literal)" }
  init(stringInterpolation: Interpolation) { text = stringInterpolation.text }

  struct Interpolation: StringInterpolationProtocol {
    fileprivate(set) var text = ""

    init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity) }

    mutating func appendLiteral(_ literal: StaticString) { text += "\(literal)" }
    mutating func appendInterpolation(_ words: String) { text += HTML.escaped(words) }
    mutating func appendInterpolation(_ part: HTML) { text += part.text }
    mutating func appendInterpolation(_ parts: [HTML]) {
      for part in parts { text += part.text }
    }
    /// For the contents of `<style>` and `<script>`, in which nothing may be escaped.
    mutating func appendInterpolation(raw text: StaticString) { self.text += "\(text)" }
  }

  /// Fit for an element and for an attribute in quotation marks. Control characters, which no page may hold, show as
  /// what they are: something that does not belong there.
  static func escaped(_ words: String) -> String {
    var text = ""
    for character in words.unicodeScalars {
      switch character {
      case "&": text += "&amp;"
      case "<": text += "&lt;"
      case ">": text += "&gt;"
      case "\"": text += "&quot;"
      case "'": text += "&#39;"
      case "\n", "\t": text.unicodeScalars.append(character)
      case _ where character.value < 0x20 || (0x7F...0x9F).contains(character.value): text += "\u{FFFD}"
      default: text.unicodeScalars.append(character)
      }
    }
    return text
  }
}
