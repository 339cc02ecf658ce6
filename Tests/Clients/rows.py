"""Rows as they travel: tuples of notes, cards and reviews, legacy JSON of the rest.

The columns are those of sync-protocol.md 10; the keys those of collection-format.md 6.
"""

import copy

NOTE = "id guid mid mod usn tags flds sfld csum flags data".split()
CARD = "id nid did ord mod usn type queue due ivl factor reps lapses left odue odid flags data".split()
REVLOG = "id cid usn ease ivl lastIvl factor time type".split()

DEFAULT_DECK = 1
DEFAULT_OPTIONS = 1
BASIC = 1_500_000_000_001
LONG_AGO = 1_500_000_000
SEEN = 1  # clients send the usn that `meta` told them; the first one is 1 in these tests

_NOTE = dict(mid=BASIC, mod=LONG_AGO, usn=SEEN, tags="", flds="front\x1fback", sfld="", csum="", flags=0, data="")
_CARD = dict.fromkeys(CARD, 0) | dict(did=DEFAULT_DECK, mod=LONG_AGO, usn=SEEN, data="")
_REVLOG = dict(usn=SEEN, ease=3, ivl=1, lastIvl=-600, factor=2500, time=4000, type=1)


def note(id, **columns):
    return _tuple(NOTE, {"id": id, "guid": f"guid{id}", **_NOTE, **columns})


def card(id, nid=None, **columns):
    return _tuple(CARD, {**_CARD, "id": id, "nid": id if nid is None else nid, **columns})


def review(id, cid, **columns):
    return _tuple(REVLOG, {"id": id, "cid": cid, **_REVLOG, **columns})


def _tuple(names, values):
    unknown = set(values) - set(names)
    if unknown:
        raise KeyError(f"no such columns: {unknown}")
    return [values[name] for name in names]


def changed(row, names, **columns):
    """A copy of a tuple with other values in the named columns."""
    return _tuple(names, {**dict(zip(names, row)), **columns})


def deck(id, name, mod=LONG_AGO, **keys):
    today = [0, 0]
    return {
        "id": id, "mod": mod, "name": name, "usn": SEEN, "desc": "", "dyn": 0, "conf": DEFAULT_OPTIONS,
        "collapsed": False, "browserCollapsed": False, "extendNew": 0, "extendRev": 0,
        "lrnToday": today, "revToday": today, "newToday": today, "timeToday": today,
        "reviewLimit": None, "newLimit": None, "reviewLimitToday": None, "newLimitToday": None,
        **keys,
    }  # fmt: skip


def options(id, name, mod=LONG_AGO, **keys):
    return copy.deepcopy({
        "id": id, "mod": mod, "name": name, "usn": SEEN, "maxTaken": 60, "autoplay": True, "timer": 0,
        "replayq": True, "dyn": False,
        "new": {"bury": False, "delays": [1.0, 10.0], "initialFactor": 2500, "ints": [1, 4, 0], "order": 1,
                "perDay": 20},
        "rev": {"bury": False, "ease4": 1.3, "ivlFct": 1.0, "maxIvl": 36500, "perDay": 200, "hardFactor": 1.2},
        "lapse": {"delays": [10.0], "leechAction": 1, "leechFails": 8, "minInt": 1, "mult": 0.0},
        **keys,
    })  # fmt: skip


def field(name, ord=0, **keys):
    own = {"name": name, "ord": ord, "sticky": False, "rtl": False, "font": "Arial", "size": 20}
    return {**own, "description": "", "plainText": False, "collapsed": False, "excludeFromSearch": False,
            "id": None, "tag": None, "preventDeletion": False, **keys}  # fmt: skip


def template(name, ord=0, question="{{Front}}", **keys):
    own = {"name": name, "ord": ord, "qfmt": question, "afmt": "{{FrontSide}}<hr>{{Back}}"}
    return {**own, "bqfmt": "", "bafmt": "", "did": None, "bfont": "", "bsize": 0, "id": None, **keys}


def notetype(id=BASIC, name="Basic", mod=LONG_AGO, fields=("Front", "Back"), templates=("Card 1",), **keys):
    return {
        "id": id, "name": name, "type": 0, "mod": mod, "usn": SEEN, "sortf": 0, "did": None,
        "flds": [field(text, ord) for ord, text in enumerate(fields)],
        "tmpls": [template(text, ord, "{{%s}} %d" % (fields[0], ord)) for ord, text in enumerate(templates)],
        "css": ".card {}", "latexPre": "", "latexPost": "", "latexsvg": False, "req": [[0, "any", [0]]],
        **keys,
    }  # fmt: skip


CONFIG = {
    "activeDecks": [1], "addToCur": True, "collapseTime": 1200, "creationOffset": 0, "curDeck": 1, "curModel": BASIC,
    "dayLearnFirst": False, "dueCounts": True, "estTimes": True, "newSpread": 0, "nextPos": 1, "rollover": 4,
    "sched2021": True, "schedVer": 2, "sortBackwards": False, "sortType": "noteFld", "timeLim": 0,
}  # fmt: skip
