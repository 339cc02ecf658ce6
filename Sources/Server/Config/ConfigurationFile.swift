import Foundation

/// The configuration file: lines `NAME=value` with the names of the environment, empty lines, and comments behind `#`
/// at the beginning of a line. Blanks around a value, and one pair of quotes around it, are not part of it.
struct ConfigurationFile {
  private static let largest = 1 << 20

  /// Empty where there is no file.
  let path: String
  let values: [String: String]

  /// Reads the file that `DJANKISERV_CONFIG` names, or else the one in the configuration folder if it exists.
  init(_ environment: [String: String], _ folders: Folders) throws {
    let named = environment["DJANKISERV_CONFIG"].flatMap { $0.isEmpty ? nil : $0 }
    let standard = folders.configuration + "/djankiserv.conf"
    guard let chosen = named ?? (FileManager.default.fileExists(atPath: standard) ? standard : nil) else {
      self.init(path: "", values: [:])
      return
    }
    try self.init(path: chosen, for: "DJANKISERV_CONFIG")
  }

  /// - Parameter setting: what named the file, for the error.
  init(path: String, for setting: String) throws {
    let text = try readText(path, atMost: Self.largest, for: setting)
    self.init(path: path, values: try Self.parse(text, path: path))
  }

  private init(path: String, values: [String: String]) { (self.path, self.values) = (path, values) }

  static func parse(_ text: String, path: String) throws -> [String: String] {
    var values: [String: String] = [:]
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      let line = line.trimmingCharacters(in: .whitespaces)
      if line.isEmpty || line.hasPrefix("#") { continue }
      guard let equals = line.firstIndex(of: "="), equals > line.startIndex else {
        throw ConfigurationError("line \(index + 1) of \(path) is not NAME=value")
      }
      let name = line[..<equals].trimmingCharacters(in: .whitespaces)
      values[name] = unquoted(line[line.index(after: equals)...].trimmingCharacters(in: .whitespaces))
    }
    return values
  }

  private static func unquoted(_ value: String) -> String {
    guard value.count >= 2, let first = value.first, first == value.last, first == "\"" || first == "'" else {
      return value
    }
    return String(value.dropFirst().dropLast())
  }
}

/// A file that holds one secret.
enum SecretFile {
  private static let largest = 65536

  /// The file's text without the newline that editors put at its end.
  /// - Parameter setting: what named the file, for the error.
  static func read(_ path: String, for setting: String) throws -> String {
    try readText(path, atMost: largest, for: setting).withoutFinalNewline
  }
}

/// The text of a file.
/// - Parameter setting: what named the file, for the error.
func readText(_ path: String, atMost limit: Int, for setting: String) throws -> String {
  guard let file = FileHandle(forReadingAtPath: path) else {
    throw ConfigurationError("\(setting): cannot read the file \(path)")
  }
  defer { try? file.close() }
  guard let bytes = try? file.read(upToCount: limit + 1) ?? Data() else {
    throw ConfigurationError("\(setting): cannot read the file \(path)")
  }
  guard bytes.count <= limit, let text = String(data: bytes, encoding: .utf8) else {
    throw ConfigurationError("\(setting): \(path) is not a text of at most \(limit) bytes")
  }
  return text
}

extension String {
  /// The text without one newline at its end, if there is one.
  var withoutFinalNewline: String {
    // "\r\n" is one character.
    last?.isNewline == true ? String(dropLast()) : self
  }
}
