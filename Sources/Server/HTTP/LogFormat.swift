import Foundation
import Logging

/// Writes each message as one line: `2026-01-31T12:00:00.000Z info meta status=200 user="a b"`.
///
/// Keys are in order of the alphabet. Values cannot break the line or reorder it on a screen, and are cut when long:
/// some of them come from outside (invariants.md H8).
struct LogFormat: LogHandler {
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]
  /// Milliseconds since 1970.
  private let now: @Sendable () -> Int64
  private let write: @Sendable (String) -> Void

  static let longestValue = 300

  init(
    level: Logger.Level = .info,
    now: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1000) },
    write: @escaping @Sendable (String) -> Void = LogFormat.toStandardError
  ) {
    (logLevel, self.now, self.write) = (level, now, write)
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var values = metadata
    if let provided = metadataProvider?.get() { values.merge(provided) { $1 } }
    if let own = event.metadata { values = values.isEmpty ? own : values.merging(own) { $1 } }
    if let error = event.error { values["error"] = "\(error)" }
    var line = "\(Self.time(now())) \(event.level) \(Self.clean("\(event.message)"))"
    for (key, value) in values.sorted(by: { $0.key < $1.key }) {
      line += " "
      line += Self.clean(key)
      line += "="
      line += Self.quoted(value.text)
    }
    write(line + "\n")
  }

  /// One call per line, so that lines of several processes do not mix.
  static func toStandardError(_ line: String) {
    var line = line
    line.withUTF8 { _ = Foundation.write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }

  static func time(_ milliseconds: Int64) -> String {
    let (seconds, rest) = milliseconds.quotientAndRemainder(dividingBy: 1000)
    var time = time_t(seconds)
    var parts = tm()
    gmtime_r(&time, &parts)
    var text = ""
    func add(_ number: Int32, _ width: Int, _ end: String) {
      let digits = String(number)
      for _ in digits.utf8.count..<max(digits.utf8.count, width) { text += "0" }
      text += digits
      text += end
    }
    add(parts.tm_year + 1900, 4, "-")
    add(parts.tm_mon + 1, 2, "-")
    add(parts.tm_mday, 2, "T")
    add(parts.tm_hour, 2, ":")
    add(parts.tm_min, 2, ":")
    add(parts.tm_sec, 2, ".")
    add(Int32(rest), 3, "Z")
    return text
  }

  static func quoted(_ value: String) -> String {
    let clean = clean(value)
    // Space, quote and equals sign.
    let isPlain = !clean.isEmpty && clean.utf8.allSatisfy { $0 != 0x20 && $0 != 0x22 && $0 != 0x3D }
    guard !isPlain else { return clean }
    return "\"" + clean.replacing("\"", with: "\\\"") + "\""
  }

  /// Controls, line ends and marks that turn the direction of writing become `\u{…}`.
  static func clean(_ text: String) -> String {
    let isPlain = text.utf8.count <= longestValue && text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F && $0 != 0x5C }
    if isPlain { return text }
    var clean = ""
    for (index, scalar) in text.unicodeScalars.enumerated() {
      guard index < longestValue else { return clean + "…" }
      if isHarmless(scalar) {
        clean.unicodeScalars.append(scalar)
      } else {
        clean += "\\u{\(String(scalar.value, radix: 16))}"
      }
    }
    return clean
  }

  private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned: false
    default: scalar != "\\"
    }
  }
}

extension Logger.MetadataValue {
  /// Nearly every value is a text already, and need not be described.
  fileprivate var text: String {
    if case .string(let text) = self { return text }
    return description
  }
}
