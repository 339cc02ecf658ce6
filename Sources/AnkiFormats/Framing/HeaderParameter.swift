/// Parameters of a header's value, such as `name` in `form-data; name="data"; filename="data"`.
public enum HeaderParameter {
  /// The value of a parameter, without its quotes; nil where there is none of this name. Names in any case are equal.
  public static func named(_ name: String, in header: String) -> String? {
    for parameter in parameters(of: header).dropFirst() {
      let parts = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, trimmed(parts[0]).lowercased() == name else { continue }
      return unquoted(trimmed(parts[1]))
    }
    return nil
  }

  /// The value and its parameters: what stands between the semicolons that are not in quotes.
  private static func parameters(of header: String) -> [Substring] {
    var parameters: [Substring] = []
    var (start, isQuoted, isEscaped) = (header.startIndex, false, false)
    for index in header.indices {
      switch header[index] {
      case _ where isEscaped: isEscaped = false
      case "\\": isEscaped = isQuoted
      case "\"": isQuoted.toggle()
      case ";" where !isQuoted:
        parameters.append(header[start..<index])
        start = header.index(after: index)
      default: continue
      }
    }
    return parameters + [header[start...]]
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var text = text.drop { $0 == " " || $0 == "\t" }
    while let last = text.last, last == " " || last == "\t" { text.removeLast() }
    return text
  }

  private static func unquoted(_ text: Substring) -> String {
    guard text.count >= 2, text.first == "\"", text.last == "\"" else { return String(text) }
    var (value, isEscaped) = ("", false)
    for character in text.dropFirst().dropLast() {
      if character == "\\" && !isEscaped {
        isEscaped = true
      } else {
        value.append(character)
        isEscaped = false
      }
    }
    return value
  }
}
