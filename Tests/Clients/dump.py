"""A collection as plain values, table by table, so that two of them can be compared.

Left out is what invariants.md C calls "not equal by nature": usn numbers, graves, the collapsed
state of tags, `lastUnburied`, `ls`, and the formatting of `card.data`.
"""

import json

from anki.deck_config_pb2 import DeckConfig
from anki.decks_pb2 import Deck
from anki.notetypes_pb2 import Notetype
from google.protobuf.json_format import MessageToDict

STAMPED = ["notes", "cards", "revlog", "decks", "deck_config", "notetypes", "tags", "graves"]
REAL_CLOCK = 1_650_000_000


def dump(rows):
    """`rows(sql)` gives the rows of a statement, on a connection that knows `unicase`.

    Anki's own connection gives blobs as lists of numbers.
    """
    return {
        "col": rows("select crt, scm from col")[0],
        "notes": table(rows, "select id, guid, mid, mod, tags, flds, sfld, csum from notes"),
        "cards": {str(id): [*columns, loads(data)] for id, *columns, data in rows(CARDS)},
        "revlog": table(rows, "select id, cid, ease, ivl, lastIvl, factor, time, type from revlog"),
        "decks": {
            str(id): [name, mtime, decoded(Deck.Common, common), decoded(Deck.KindContainer, kind)]
            for id, name, mtime, common, kind in rows("select id, name, mtime_secs, common, kind from decks")
        },
        "deck_config": messages(rows, "select id, name, mtime_secs, config from deck_config", DeckConfig.Config),
        "notetypes": messages(rows, "select id, name, mtime_secs, config from notetypes", Notetype.Config),
        "fields": messages(rows, NAMED % ("fields", "fields"), Notetype.Field.Config),
        "templates": messages(rows, NAMED % ("templates", "templates"), Notetype.Template.Config),
        "tags": sorted(tag for tag, _ in rows("select tag, usn from tags")),
        "config": {key: json.loads(bytes(value)) for key, value in rows(CONFIG)},
    }


CARDS = """select id, nid, did, ord, mod, type, queue, due, ivl, factor, reps, lapses, left, odue, odid, flags, data
  from cards"""
CONFIG = "select key, val from config where key != 'lastUnburied'"
NAMED = "select %s.ntid || '/' || ord, name, 0, config from %s"


def table(rows, sql):
    return {str(id): columns for id, *columns in rows(sql)}


def messages(rows, sql, kind):
    return {str(id): [name, mtime, decoded(kind, blob)] for id, name, mtime, blob in rows(sql)}


def decoded(kind, blob):
    """A protobuf blob as a dictionary; the JSON of unknown keys (`other`) as its value."""
    message = kind.FromString(bytes(blob))
    if message.DESCRIPTOR.name == "KindContainer":
        return MessageToDict(message, preserving_proto_field_name=True)
    other = loads(message.other.decode())
    message.ClearField("other")
    return {**MessageToDict(message, preserving_proto_field_name=True), "other": other}


def loads(text):
    return json.loads(text) if text else {}


def pending(rows):
    """How many rows of each table wait for a sync (the usn of config keys means nothing)."""
    counts = {name: rows(f"select count(*) from {name} where usn = -1")[0][0] for name in STAMPED}
    return {name: count for name, count in counts.items() if count}


def difference(left, right):
    """The entries in which two dumps differ, in words."""
    found = []
    for name in left:
        if isinstance(left[name], dict):
            for key in sorted(left[name].keys() | right[name].keys(), key=str):
                one, other = left[name].get(key), right[name].get(key)
                if one != other:
                    found.append(f"{name}[{key}]: {one!r} / {other!r}")
        elif left[name] != right[name]:
            found.append(f"{name}: {left[name]!r} / {right[name]!r}")
    return found


def portable(full):
    """The dump of one run made comparable with that of another: names for ids, no clock times."""
    decks = {id: value[0] for id, value in full["decks"].items()}
    options = {id: value[0] for id, value in full["deck_config"].items()}
    notetypes = {id: value[0] for id, value in full["notetypes"].items()}
    return {
        "notes": {id: [g, notetypes[str(mid)], tags, *rest] for id, (g, mid, _, tags, *rest) in full["notes"].items()},
        "cards": {id: portable_card(columns, decks) for id, columns in full["cards"].items()},
        "revlog": sorted([cid, *rest] for cid, *rest in full["revlog"].values()),
        "decks": {decks[id]: portable_deck(value, options) for id, value in full["decks"].items()},
        "deck_config": sorted(([name, config] for name, _, config in full["deck_config"].values()), key=repr),
        "notetypes": {name: without_ids(config) for name, _, config in full["notetypes"].values()},
        "fields": portable_parts(full["fields"], notetypes),
        "templates": portable_parts(full["templates"], notetypes),
        "tags": full["tags"],
        "config": portable_config(full["config"]),
    }


def portable_card(columns, decks):
    nid, did, ord, _, *schedule, odid, flags, data = columns
    schedule = [None if value > REAL_CLOCK else value for value in schedule]
    data = {key: value for key, value in data.items() if key != "lrt"}
    return [nid, decks.get(str(did)), ord, *schedule, decks.get(str(odid)), flags, data]


def portable_deck(value, options):
    _, _, common, kind = value
    normal = kind.get("normal")
    if normal is None:
        return [common, kind]
    return [common, {**normal, "config_id": options.get(normal.get("config_id"))}]


def portable_parts(parts, notetypes):
    named = {}
    for key, (name, _, config) in parts.items():
        id, ord = key.split("/")
        named[f"{notetypes[id]}/{ord}"] = [name, without_ids(config)]
    return named


def without_ids(config):
    return {key: value for key, value in config.items() if key not in ("id", "original_id")}


def portable_config(config):
    named = {}
    for key, value in config.items():
        if key in ("curDeck", "curModel", "activeDecks") or key.startswith(("_nt_", "_deck_")):
            continue  # hold ids only
        if key == "rollover":
            continue  # the official server writes the default where it is missing
        named[key] = value
    return named
