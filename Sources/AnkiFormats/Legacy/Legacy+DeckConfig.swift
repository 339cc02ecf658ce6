import Foundation
public import SyncCore

extension Legacy {
  /// Reads the options of decks (collection-format.md 6.2).
  /// - Throws: `invalid`, naming the key.
  public static func deckConfig(from object: JSONObject) throws(SyncError) -> DeckConfig {
    let reader = ObjectReader(object, "deck options")
    var config = DeckConfig()
    config.id = try reader.required("id", \.intOrDecimal)
    guard config.id != 0 else { throw reader.refusal("id") }
    config.mtime = try reader.required("mod", \.intOrDecimal)
    config.usn = try reader.required("usn", \.int)
    config.name = Text(try reader.required("name", \.string))
    var options = ProtoDeckOptions()
    try readGeneral(reader, &options)
    try readOrder(reader, &options)
    try readScheduling(reader, &options)
    let newCards = try reader.present("new", [:], \.object)
    options = (try? readNew(newCards, options)) ?? options.withDefaultNew
    let reviews = try reader.present("rev", [:], \.object)
    options = (try? readReview(reviews, options)) ?? options.withDefaultReview
    let lapses = try reader.present("lapse", [:], \.object)
    options = (try? readLapse(lapses, options)) ?? options.withDefaultLapse
    options.other = Data(unknownOptions(object).otherBytes)
    config.config = try Blobs.encode(options)
    return config
  }

  private static func readGeneral(_ reader: ObjectReader, _ options: inout ProtoDeckOptions) throws(SyncError) {
    options.capAnswerTime = try reader.required("maxTaken", \.clampedUInt32)
    options.disableAutoplay = try !reader.required("autoplay", \.bool)
    options.showTimer = try reader.present("timer", 0, \.int) != 0
    options.skipQuestionWhenReplayingAnswer = try !reader.optional("replayq", false, \.bool)
    options.stopTimerOnAnswer = try reader.optional("stopTimerOnAnswer", false, \.bool)
    options.secondsToShowQuestion = try reader.optional("secondsToShowQuestion", 0, \.float)
    options.secondsToShowAnswer = try reader.optional("secondsToShowAnswer", 0, \.float)
    options.questionAction = try reader.optional("questionAction", 0) { $0.choice(0...1) }
    options.answerAction = try reader.optional("answerAction", 0) { $0.choice(0...4) }
    options.waitForAudio = try reader.optional("waitForAudio", true, \.bool)
  }

  private static func readOrder(_ reader: ObjectReader, _ options: inout ProtoDeckOptions) throws(SyncError) {
    options.newMix = try reader.optional("newMix", 0, \.clampedInt32)
    options.newPerDayMinimum = try reader.optional("newPerDayMinimum", 0, \.clampedUInt32)
    options.interdayLearningMix = try reader.optional("interdayLearningMix", 0, \.clampedInt32)
    options.reviewOrder = try reader.optional("reviewOrder", 0, \.clampedInt32)
    options.newCardSortOrder = try reader.optional("newSortOrder", 0, \.clampedInt32)
    options.newCardGatherPriority = try reader.optional("newGatherPriority", 0, \.clampedInt32)
    options.buryInterdayLearning = try reader.optional("buryInterdayLearning", false, \.bool)
  }

  private static func readScheduling(_ reader: ObjectReader, _ options: inout ProtoDeckOptions) throws(SyncError) {
    options.fsrsParams4 = try reader.optional("fsrsWeights", [], \.floats)
    options.fsrsParams5 = try reader.optional("fsrsParams5", [], \.floats)
    options.fsrsParams6 = try reader.optional("fsrsParams6", [], \.floats)
    options.desiredRetention = try reader.optional("desiredRetention", 0, \.float)
    options.historicalRetention = try reader.optional("sm2Retention", 0, \.float)
    options.ignoreRevlogsBeforeDate = try reader.optional("ignoreRevlogsBeforeDate", "", \.string)
    options.easyDaysPercentages = try reader.optional("easyDaysPercentages", [], \.floats)
    options.paramSearch = try reader.optional("weightSearch", "", \.string)
  }

  // An ill-typed key makes the whole of `new`, `rev` or `lapse` the default; its unknown keys are kept all the same.

  private static func readNew(
    _ object: JSONObject, _ options: ProtoDeckOptions
  ) throws(SyncError) -> ProtoDeckOptions {
    let reader = ObjectReader(object, "new")
    var read = options
    read.buryNew = try reader.optional("bury", false, \.bool)
    read.initialEase = Float(try reader.required("initialFactor") { $0.ease }) / 1000
    read.learnSteps = reader.lenient("delays", [], \.floats)
    (read.graduatingIntervalGood, read.graduatingIntervalEasy) = reader.lenient("ints", (1, 4)) { $0.intervals }
    read.newCardInsertOrder = reader.lenient("order", 0) { $0.int == 0 ? 1 : 0 }
    read.newPerDay = reader.lenient("perDay", 0, \.uint32)
    return read
  }

  private static func readReview(
    _ object: JSONObject, _ options: ProtoDeckOptions
  ) throws(SyncError) -> ProtoDeckOptions {
    let reader = ObjectReader(object, "rev")
    var read = options
    read.buryReviews = try reader.optional("bury", false, \.bool)
    read.easyMultiplier = try reader.required("ease4", \.float)
    read.intervalMultiplier = try reader.required("ivlFct", \.float)
    read.maximumReviewInterval = try reader.required("maxIvl", \.uint32)
    read.hardMultiplier = try reader.optional("hardFactor", 1.2, \.float)
    read.reviewsPerDay = reader.lenient("perDay", 0, \.uint32)
    return read
  }

  private static func readLapse(
    _ object: JSONObject, _ options: ProtoDeckOptions
  ) throws(SyncError) -> ProtoDeckOptions {
    let reader = ObjectReader(object, "lapse")
    var read = options
    read.leechThreshold = try reader.required("leechFails", \.uint32)
    read.minimumLapseInterval = try reader.required("minInt", \.uint32)
    read.lapseMultiplier = try reader.required("mult", \.float)
    read.relearnSteps = reader.lenient("delays", [], \.floats)
    read.leechAction = reader.lenient("leechAction", 1) { $0.choice(0...1) }
    return read
  }

  /// Unknown keys of the object, and those of `new`, `rev` and `lapse` in sub-objects of the same names.
  private static func unknownOptions(_ object: JSONObject) -> JSONObject {
    var other = object.without(DeckConfigKeys.general)
    for (name, known) in DeckConfigKeys.groups {
      let rest = (object[name]?.object ?? [:]).without(known)
      if !rest.isEmpty { other[name] = .object(rest) }
    }
    return other
  }
}

extension ProtoDeckOptions {
  // The defaults of collection-format.md 6.2.

  fileprivate var withDefaultNew: ProtoDeckOptions {
    var copy = self
    (copy.buryNew, copy.learnSteps, copy.initialEase, copy.newPerDay) = (false, [1, 10], 2.5, 20)
    (copy.graduatingIntervalGood, copy.graduatingIntervalEasy, copy.newCardInsertOrder) = (1, 4, 0)
    return copy
  }
  fileprivate var withDefaultReview: ProtoDeckOptions {
    var copy = self
    (copy.buryReviews, copy.easyMultiplier, copy.intervalMultiplier, copy.hardMultiplier) = (false, 1.3, 1, 1.2)
    (copy.maximumReviewInterval, copy.reviewsPerDay) = (36500, 200)
    return copy
  }
  fileprivate var withDefaultLapse: ProtoDeckOptions {
    var copy = self
    (copy.relearnSteps, copy.leechAction, copy.leechThreshold) = ([10], 1, 8)
    (copy.minimumLapseInterval, copy.lapseMultiplier) = (1, 0)
    return copy
  }
}

extension JSONValue {
  fileprivate func choice(_ range: ClosedRange<Int64>) -> Int32? {
    int.flatMap { range.contains($0) ? Int32($0) : nil }
  }
  /// Thousandths; old clients write 2500.0.
  fileprivate var ease: UInt16? { truncated.flatMap { UInt16(exactly: $0) } }
  fileprivate var intervals: (UInt32, UInt32)? {
    guard let array, array.count >= 2, let good = array[0].uint32, let easy = array[1].uint32 else { return nil }
    return (good, easy)
  }
}

/// The keys that the message of deck options has fields for.
enum DeckConfigKeys {
  static let general: Set<Text> = [
    "id", "mod", "name", "usn", "maxTaken", "autoplay", "timer", "replayq", "dyn", "new", "rev", "lapse", "newMix",
    "newPerDayMinimum", "interdayLearningMix", "reviewOrder", "newSortOrder", "newGatherPriority",
    "buryInterdayLearning", "fsrsWeights", "fsrsParams5", "fsrsParams6", "desiredRetention",
    "ignoreRevlogsBeforeDate", "easyDaysPercentages", "stopTimerOnAnswer", "secondsToShowQuestion",
    "secondsToShowAnswer", "questionAction", "answerAction", "waitForAudio", "sm2Retention", "weightSearch",
  ]
  static let groups: [(name: String, known: Set<Text>)] = [
    ("new", ["bury", "delays", "initialFactor", "ints", "order", "perDay"]),
    ("rev", ["bury", "ease4", "ivlFct", "maxIvl", "perDay", "hardFactor"]),
    ("lapse", ["delays", "leechAction", "leechFails", "minInt", "mult"]),
  ]
}
