/// What can be wrong with an engine.
enum Fault: CaseIterable {
  case createClears, dropsOnlyWhatIsThere, keepsDropped, listsTwice, sharesGenerations, keepsFew, readCreates
  case mixesSchemas, writeCreates, closesAtOnce, staysOpen, opensWithSchemas, forgetsAtClose
  case losesBlobs, cutsIntegers, padsEmptyTexts, firstRowWins, ignoresSince, deletesMore, clearsAll, miscounts
  case refusesEmptyLists
  case reversesOrder, answersTwice, ordersByKey, skipsTies, ignoresOwner, repeatsPageKey, zeroIsNoLimit, answersNothing
  case scanSkips, scanGoesOn, scanCollects, loadForgets, loadLeavesSchema, loadOverwrites, loadsByUpserts
  case writesLate, commitsErrors, forgivesNUL, wrapsErrors, ignoresCancellation, ignoresSeals
  case forgetsAcknowledged, forgetsRelaxed
  case readsLive, readsWait, interleaves, waitsForAll, waitsForEver, queuesAll
  case foldsCase, composes, trims, ordersAsWords, losesEmoji, keepsNUL, refusesNULKeys, cutsValues, cutsBatches

  /// The laws that find the fault out.
  var broken: [String] { Self.laws.filter { $0.0 == self }.map(\.1) }

  static let laws: [(Fault, String)] = [
    (.createClears, "Creating a schema again changes nothing."),
    (.opensWithSchemas, newer), (.forgetsAtClose, newer),
    (.dropsOnlyWhatIsThere, "Dropping a schema that is not there does nothing."),
    (.keepsDropped, "A dropped schema is not found."),
    (.listsTwice, "Every schema that was made and not dropped is listed once."),
    (.sharesGenerations, "Schemas share nothing."),
    (.keepsFew, "Two hundred schemas can be in use at once."),
    (.mixesSchemas, "A read of two schemas gives what two reads would give, one after the other."),
    (.readCreates, "Reading a schema that does not exist is notFound."),
    (.writeCreates, "Writing to a schema that does not exist is notFound."),
    (.closesAtOnce, "Closing waits for what is running."),
    (.staysOpen, "A closed engine refuses everything as unavailable."),
    (.losesBlobs, "A row comes back as it was stored, in every column."),
    (.cutsIntegers, "Integers keep all 64 bits, and keys may be negative."),
    (.padsEmptyTexts, "An empty text and an empty blob are values."),
    (.firstRowWins, "Of two rows with one key the last one stays."),
    (.ignoresSince, "A row that was replaced is found by its new usn and owner, not by the old ones."),
    (.deletesMore, "Deleting removes the rows with these keys and no others; keys without a row are ignored."),
    (.clearsAll, "Clearing a table leaves the other tables as they were."),
    (.miscounts, "Counting gives the rows that are there."),
    (.refusesEmptyLists, "Empty lists of rows and keys do nothing."),
    (.reversesOrder, "Selecting all gives every row in key order."),
    (.answersTwice, "Selecting keys gives each row that is there once, and nothing for the others."),
    (.ordersByKey, "Selecting what changed gives the rows from that usn on, by usn and then key."),
    (.skipsTies, "Following the cursor meets every changed row once, however many share a usn."),
    (.ignoresOwner, "Selecting by owner gives the rows of that owner in key order."),
    (.repeatsPageKey, "Following a page's last key meets every row once, in key order."),
    (.zeroIsNoLimit, "A limit of zero or less gives nothing."),
    (.answersNothing, "A selection that the table has no column for is refused as invalid."),
    (.scanSkips, "A scan gives every row once, in key order."),
    (.scanGoesOn, "A scan that throws stops there."),
    (.scanCollects, "A scan reads at most a thousand rows ahead."),
    (.loadForgets, loaded), (.forgetsAtClose, loaded),
    (.loadLeavesSchema, "A load that throws leaves no schema."),
    (.loadOverwrites, "A load into a schema that exists is refused as conflict."),
    (.loadsByUpserts, "A key that is loaded twice is refused as invalid."),
    (.loadsByUpserts, "A schema that is being loaded is not found."),
    (.writesLate, "A transaction reads its own writes."),
    (.commitsErrors, "A body that throws leaves no trace."),
    (.forgivesNUL, "A body that goes on after a row was refused keeps nothing either, and its write throws."),
    (.wrapsErrors, "What a body throws is thrown as it was."),
    (.ignoresCancellation, "A body whose task is cancelled fails at its next call."),
    (.ignoresCancellation, "A cancelled write leaves no trace."),
    (.ignoresCancellation, "A write that is cancelled while it waits for its turn never begins."),
    (.ignoresSeals, "A write to a sealed collection is refused as sealed, with its successor."),
    (.forgetsAcknowledged, acknowledged), (.forgetsAtClose, acknowledged),
    (.forgetsRelaxed, "A relaxed write is seen by every read that begins after it has returned."),
    (.readsLive, "A read sees one moment, whatever is written meanwhile."),
    (.readsWait, "A reader never waits for a writer."),
    (.interleaves, "Writes to one schema never interleave."),
    (.waitsForAll, "Writers of different schemas do not wait for each other."),
    (.waitsForEver, "A write that waits longer than the engine's patience is refused as unavailable."),
    (.queuesAll, "A write behind more waiting ones than the engine's queue holds is refused as unavailable."),
    (.foldsCase, sameBytes), (.composes, sameBytes), (.trims, sameBytes),
    (.ordersAsWords, "Text keys are ordered by their bytes."),
    (.losesEmoji, "Any text without a NUL is kept as it is."),
    (.keepsNUL, "A row with a NUL in a text is refused as invalid, and nothing of its transaction is kept."),
    (.refusesNULKeys, "A key with a NUL names no row."),
    (.cutsValues, "A text and a blob may hold a megabyte."),
    (.cutsBatches, "Ten thousand rows can be given at once."),
  ]

  private static let newer =
    "A schema that a newer server has written is refused as tooNew; an engine that keeps nothing has no schemas when "
    + "it is opened."
  private static let loaded =
    "A load is complete and on the disk when it returns; an engine that keeps nothing shows it to every later read."
  private static let acknowledged =
    "An acknowledged write is on the disk when it returns; an engine that keeps nothing shows it to every later read."
  private static let sameBytes = "Texts are equal as keys only where they are the same bytes."
}
