public import SyncCore

extension Legacy {
  /// Writes the options of decks (collection-format.md 6.2); values out of their range are replaced by the defaults, as
  /// every client does when it reads them.
  /// - Throws: `invalid` where the message cannot be read.
  public static func json(of config: DeckConfig) throws(SyncError) -> JSONObject {
    let options = try Blobs.options(of: config)
    let other = JSONObject(other: options.other)
    var object: JSONObject = [
      "id": .int(config.id),
      "mod": .int(config.mtime),
      "name": .string(config.name.string),
      "usn": .int(config.usn),
      "maxTaken": options.capAnswerTime.json(1...9999, or: 60),
      "autoplay": .bool(!options.disableAutoplay),
      "timer": .int(options.showTimer ? 1 : 0),
      "replayq": .bool(!options.skipQuestionWhenReplayingAnswer),
      "new": .object(json(ofNew: options, other["new"])),
      "rev": .object(json(ofReview: options, other["rev"])),
      "lapse": .object(json(ofLapse: options, other["lapse"])),
      "dyn": .bool(false),
    ]
    object.fill(from: json(ofOrder: options))
    object.fill(from: json(ofScheduling: options))
    object.fill(from: other)
    return object
  }

  private static func json(ofNew options: ProtoDeckOptions, _ other: JSONValue?) -> JSONObject {
    var object: JSONObject = [
      "bury": .bool(options.buryNew),
      "delays": .floats(options.learnSteps),
      "initialFactor": .int(options.initialEase.within(1.31...5, or: 2.5).scaled(by: 1000)),
      "ints": .array([
        options.graduatingIntervalGood.json(1...36500, or: 1), options.graduatingIntervalEasy.json(1...36500, or: 4),
        .int(0),
      ]),
      "order": .int(options.newCardInsertOrder == 1 ? 0 : 1),
      "perDay": options.newPerDay.json(0...9999, or: 20),
    ]
    object.fill(from: other?.object ?? [:])
    return object
  }

  private static func json(ofReview options: ProtoDeckOptions, _ other: JSONValue?) -> JSONObject {
    var object: JSONObject = [
      "bury": .bool(options.buryReviews),
      "ease4": .float(options.easyMultiplier.within(1...5, or: 1.3)),
      "ivlFct": .float(options.intervalMultiplier.within(0.5...2, or: 1)),
      "maxIvl": options.maximumReviewInterval.json(1...36500, or: 36500),
      "perDay": options.reviewsPerDay.json(0...9999, or: 200),
      "hardFactor": .float(options.hardMultiplier.within(0.5...1.3, or: 1.2)),
    ]
    object.fill(from: other?.object ?? [:])
    return object
  }

  private static func json(ofLapse options: ProtoDeckOptions, _ other: JSONValue?) -> JSONObject {
    var object: JSONObject = [
      "delays": .floats(options.relearnSteps),
      "leechAction": .int(Int64(options.leechAction)),
      "leechFails": options.leechThreshold.json(1...9999, or: 8),
      "minInt": options.minimumLapseInterval.json(1...36500, or: 1),
      "mult": .float(options.lapseMultiplier.within(0...1, or: 0)),
    ]
    object.fill(from: other?.object ?? [:])
    return object
  }

  private static func json(ofOrder options: ProtoDeckOptions) -> JSONObject {
    [
      "newMix": .int(Int64(options.newMix)),
      "newPerDayMinimum": options.newPerDayMinimum.json(0...9999, or: 0),
      "interdayLearningMix": .int(Int64(options.interdayLearningMix)),
      "reviewOrder": .int(Int64(options.reviewOrder)),
      "newSortOrder": .int(Int64(options.newCardSortOrder)),
      "newGatherPriority": .int(Int64(options.newCardGatherPriority)),
      "buryInterdayLearning": .bool(options.buryInterdayLearning),
    ]
  }

  private static func json(ofScheduling options: ProtoDeckOptions) -> JSONObject {
    [
      "fsrsWeights": .floats(options.fsrsParams4),
      "fsrsParams5": .floats(options.fsrsParams5),
      "fsrsParams6": .floats(options.fsrsParams6),
      "desiredRetention": .float(options.desiredRetention.within(0.7...0.99, or: 0.9)),
      "ignoreRevlogsBeforeDate": .string(options.ignoreRevlogsBeforeDate),
      "easyDaysPercentages": .floats(options.easyDaysPercentages),
      "stopTimerOnAnswer": .bool(options.stopTimerOnAnswer),
      "secondsToShowQuestion": .float(options.secondsToShowQuestion),
      "secondsToShowAnswer": .float(options.secondsToShowAnswer),
      "questionAction": .int((0...1).contains(options.questionAction) ? Int64(options.questionAction) : 0),
      "answerAction": .int((0...4).contains(options.answerAction) ? Int64(options.answerAction) : 0),
      "waitForAudio": .bool(options.waitForAudio),
      "sm2Retention": .float(options.historicalRetention.within(0.7...0.97, or: 0.9)),
      "weightSearch": .string(options.paramSearch),
    ]
  }
}

extension Float {
  /// The value, or `fallback` where it is out of range or NaN.
  fileprivate func within(_ range: ClosedRange<Float>, or fallback: Float) -> Float {
    range.contains(self) ? self : fallback
  }
}

extension UInt32 {
  fileprivate func json(_ range: ClosedRange<UInt32>, or fallback: Int64) -> JSONValue {
    .int(range.contains(self) ? Int64(self) : fallback)
  }
}
