/// The legacy JSON of schema 11, in which decks, options and notetypes travel in every sync, and their rows with
/// protobuf messages (collection-format.md 5 and 6).
///
/// Reading follows the columns "req", "def" and "inv" of the tables there; writing gives every key with its exact type.
/// Keys that are not known are kept at every level, in the messages' field 255.
public enum Legacy {}
