import SyncCore

/// A configuration and where it comes from, as a patient.
struct Settings: Sendable {
  let configuration: Configuration
  /// What is set, in the environment or in the file.
  let given: [String: String]

  init(_ configuration: Configuration) {
    self.configuration = configuration
    given = configuration.given.filter { !$0.value.isEmpty }
  }

  static let checks: [Check<Settings>] = [
    Check("configuration") { settings in
      let findings = settings.unknown + settings.outdated + settings.ambiguous + settings.contradictory
      return findings.isEmpty ? [.ok("configuration", "every name is known, and none contradicts another")] : findings
    }
  ]

  private var unknown: [Finding] {
    configuration.unknown.map { name in
      let nearest = Options.names.min { $0.distance(to: name) < $1.distance(to: name) }
      let guess = nearest.flatMap { $0.distance(to: name) <= 4 ? "did you mean \($0)?" : nil }
      return Finding(
        .warn, "configuration", "there is no setting \(name)", advice: guess ?? "djankiserv config shows them all")
    }
  }

  private var outdated: [Finding] {
    let aliases = Options.all.flatMap { setting in
      setting.aliases.filter { given[$0] != nil }.map { alias in
        Finding(
          .warn, "configuration", "\(alias) is a name of older servers", advice: "call it \(setting.name)")
      }
    }
    let ignored = Options.withoutMeaning.filter { given[$0] != nil }.sorted().map { name in
      Finding(.warn, "configuration", "\(name) means nothing to this server", advice: "remove it")
    }
    return aliases + ignored
  }

  /// A value that is given twice.
  private var ambiguous: [Finding] {
    Options.all.flatMap { setting -> [Finding] in
      let files = setting.isSecret ? [setting.name + "_FILE"] : []
      let names = ([setting.name] + setting.aliases + files).filter { given[$0] != nil }
      guard names.count > 1, Set(names.map { given[$0] }).count > 1 else { return [] }
      return [
        Finding(
          .warn, "configuration", "\(names.joined(separator: " and ")) are both set, and \(names[0]) is used",
          advice: "remove the other")
      ]
    }
  }

  private var contradictory: [Finding] {
    var findings = [DatabaseSettings.userDB, .mainDB].compactMap(elsewhere)
    let orders: [(Setting, Setting, String)] = [
      (.headTime, .requestTime, "the head of a request may take longer than the whole request"),
      (.pauseTime, .requestTime, "a request may pause for longer than it may take"),
      (.maxUpload, .maxUnclaimed, "an older client cannot upload what a new one can"),
    ]
    for (small, large, meaning) in orders where configuration.integer(small) > configuration.integer(large) {
      findings.append(
        Finding(
          .warn, "configuration", "\(small.name) is more than \(large.name): \(meaning)", advice: "raise \(large.name)")
      )
    }
    return findings
  }

  /// An address of one engine, and the name of another.
  private func elsewhere(_ database: DatabaseSettings) -> Finding? {
    guard let address = try? DatabaseURL(configuration.text(database.url)).named(in: configuration.backends),
      address.engine != configuration.text(database.engine)
    else { return nil }
    return Finding(
      .warn, "configuration",
      "\(database.url.name) is an address of \(address.engine), and \(database.engine.name) is "
        + configuration.text(database.engine), advice: "remove one of them")
  }
}

extension String {
  /// How many letters have to be inserted, removed or replaced to make one text of the other.
  func distance(to other: String) -> Int {
    var last = Array(0...other.utf8.count)
    for (row, letter) in utf8.enumerated() {
      var next = [row + 1]
      for (column, wanted) in other.utf8.enumerated() {
        next.append(Swift.min(last[column + 1] + 1, next[column] + 1, last[column] + (letter == wanted ? 0 : 1)))
      }
      last = next
    }
    return last[other.utf8.count]
  }
}
