"""Writes derived.json: what Anki itself derives from texts, names and times (derived-values.md 1, 2, 4, 5, 8.2).

Needs the `anki` package. The texts are seeded; only the cases of days depend on the time of the run, which they hold.

    python make_derived.py
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from anki.buildinfo import version
from anki.collection import Collection

SEED = 20
random_ = random.Random(SEED)

MARKUP = [
    "<", ">", '"', "'", " ", "=", "src=", "data=", "<img", "<img ", "<audio ", "<video ", "<object ", "<source ",
    "<IMG ", "SRC=", "<\u017fource", " \u017frc=", "data-src=", "xsrc=", "_src", "é", "\u0301", "\u200d", "·", "/",
    "a", "b.jpg", "x y", "<!--", "-->", "<style", "</style>", "</\u017ftyle>", "<SCRIPT", "</script>", "<b>", "</b>",
    "<br>", "&", "&amp;", "&nbsp;", "&lt;", "&gt;", "&#65;", "&#x41;", "&#X41;", "&foo;", ";", "\u00a0", "&eacute;",
    "\n", "\t", "\r", "\x01", "\x7f", "\0", "今日", '"a.png"', "'b.png'", '""', "''", '<img src="', '<img alt="x',
    "-", "&#", "&#x", "&#0;", "&#xD800;", "&#1114112;", "&#0000038;", "😀", "1 < 2", "&thetasym;", "&NotEqual;",
    "&apos;", "e\u0301", "42", " ", "0",
]
QUOTES = ['"', "'", ">", " ", "src=", "data=", "a", "x", "=", '""', "<img "]
PROSE = [
    "<div>", "</div>", "<b>the cell</b>", "&nbsp;", '<img src="paste-1.jpg">', "[sound:a b.mp3]", "{{c1::a}}", "naïve",
    "食べる", "<br>", "What is", " & ", "x &lt; y", '<span style="color: red">', "</span>", "E=mc<sup>2</sup>",
]
NAMES = [
    "a", "B", "Straße", "STRASSE", "é", "e\u0301", "E\u0301", "ﬁ", "FI", ":", "::", "::", "\x01", "\t", "\u0085",
    "\u2003", "ǅ", "İ", "K", "ꭰ", "한", "\u1112\u1161\u11ab", "\u1113\u1162", "\u0f73\u0301", "が", "か\u3099", "😀",
    "_", "[", "blank", "\u00a0", "\u212b", "\u0344", "\x7f", "\u2028", "\u200b", "\ufeff", "q\u0323\u0307", "q\u0307\u0323",
]
FOLDING = [
    "a", "A", "z", "Z", "_", "[", "`", "ß", "ẞ", "ss", "SS", "İ", "i\u0307", "ı", "I", "ﬃ", "ffi", "iff", "ﬀ", "ff",
    "Σ", "σ", "ς", "ǅ", "ǆ", "Ǆ", "K", "k", "Ω", "ω", "Å", "å", "ꭰ", "Ꭰ", "ᏸ", "Ᏸ", "ΐ", "\u0390", "\u1fd3", "ᾳ", "ᾼ",
    "αι", "ᾷ", "\u0345", "ι", "ſ", "s", "ﬅ", "st", "և", "եւ", "𐐀", "𐐨", "Ა", "ა", "Ⴀ", "ⴀ", "\u00a0", " ", "é", "É",
    "e\u0301", "\ua7c7", "\ua7c8", "\ua7f5", "\u2c2f", "\u2c5f", "😀", "\uffff", "\U0010ffff", "ŉ", "ʼn", "日", "ω",
]


def text(fragments: list[str], most: int) -> str:
    return "".join(random_.choice(fragments) for _ in range(random_.randint(1, most)))


def new_collection(folder: str, name: str) -> Collection:
    return Collection(str(Path(folder) / f"{name}.anki2"))


def notes(col: Collection) -> list:
    """Fields as given, fields as stored, sort index, sort field (null where SQLite made a number of it), checksum."""
    col.set_config("normalize_note_text", False)
    second = col.models.copy(col.models.by_name("Basic"))
    second["sortf"] = 1
    col.models.update_dict(second)
    notetypes = [col.models.by_name("Basic"), second]
    fields = [[text(MARKUP, 10), text(MARKUP, 6)] for _ in range(220)]
    fields += [["<img " + text(QUOTES, 14), text(QUOTES, 5)] for _ in range(120)]
    fields += [[text(PROSE, 8), text(PROSE, 8)] for _ in range(80)]
    cases = []
    for index, (first, other) in enumerate(fields):
        notetype = notetypes[index % 2]
        note = col.new_note(notetype)
        note.fields = [first, other]
        col.add_note(note, 1)
        flds, kind, sfld, csum = col.db.first("select flds, typeof(sfld), sfld, csum from notes where id = ?", note.id)
        cases.append([f"{first}\x1f{other}", flds, notetype["sortf"], sfld if kind == "text" else None, csum])
    return cases


def decks(col: Collection) -> list:
    """A name as given, and the native name as stored."""
    cases = []
    names = ["foo::::baz", "foo:::bar", "foo:::bar:baz: ", "fo\x1fo::ba\nr", " x ::: y::\x1fz:: "]
    for name in names + [text(NAMES, 7) for _ in range(220)]:
        deck = col.decks.add_normal_deck_with_name(name).id
        cases.append([name, col.db.scalar("select name from decks where id = ?", deck)])
        col.decks.remove(col.db.list("select id from decks where id != 1"))
    return cases


def tags(col: Collection) -> list:
    """Names registered in this order, each with the spelling that its note got; and the list of tags after it."""
    cases = []
    for _ in range(130):
        names = [name for name in (text(NAMES, 5) for _ in range(random_.randint(1, 6))) if name]
        names += [random_.choice([str.upper, str.lower, str.swapcase])(name) + "::" + text(NAMES, 2) for name in names]
        spellings = []
        for name in names:
            note = col.new_note(col.models.by_name("Basic"))
            note.tags = [name]
            col.add_note(note, 1)
            spellings.append([name, col.db.scalar("select tags from notes where id = ?", note.id)[1:-1]])
        cases.append([spellings, sorted(col.db.list("select tag from tags"))])
        col.remove_notes(col.find_notes(""))
        col.tags.clear_unused_tags()
    return cases


def orders(col: Collection) -> list:
    """Two texts and the sign of their comparison."""
    cases = []
    for _ in range(400):
        a = text(FOLDING, 4)
        b = random_.choice([str.upper, str.lower, str.casefold, str.title, lambda _: text(FOLDING, 4), lambda s: s + "a"])(a)
        less, more = col.db.first("select ?1 < ?2 collate unicase, ?1 > ?2 collate unicase", a, b)
        cases.append([a, b, more - less])
    return cases


def queues(col: Collection) -> list:
    """Type, due, and the queue after a day on which the card was buried."""
    kinds = [(t, q, d) for t in range(4) for q in (-3, -2, -1) for d in (0, 7, 1_000_000_000, 1_000_000_001, 1_800_000_000)]
    for card in kinds:
        note = col.new_note(col.models.by_name("Basic"))
        note.fields = ["a", "b"]
        col.add_note(note, 1)
        col.db.execute("update cards set type = ?, queue = ?, due = ? where nid = ?", *card, note.id)
    # Two days ago, so that the client finds a new day.
    col.db.execute("update col set crt = crt - 30 * 86400")
    col.set_config("lastUnburied", 1)
    before = col.db.all("select id, type, queue, due from cards order by id")
    path = col.path
    col.close()
    col = Collection(path)
    col.sched.deck_due_tree()
    after = dict(col.db.all("select id, queue from cards"))
    col.close()
    return [[kind, queue, due, after[id_]] for id_, kind, queue, due in before]


def days() -> list:
    """Creation, now, schedVer, rollover, creationOffset, localOffset, and the day number.

    A client takes its offset from the machine, so every offset is a process of its own.
    """
    minute = int(time.time()) // 60
    offsets = [random_.choice([0, 480, -345, -600, 719, -719])]
    # In most of them a day begins about now.
    offsets += [(minute - hour * 60 + 720) % 1440 - 720 + late for hour in (0, 4, 9, 12, 17, 20, 23) for late in (-2, 2)]
    cases = []
    for offset in offsets:
        zone = f"XXX{'-' if offset < 0 else '+'}{abs(offset) // 60:02}:{abs(offset) % 60:02}"
        command = [sys.executable, __file__, "days", str(offset), str(random_.getrandbits(32))]
        made = subprocess.run(command, env={**os.environ, "TZ": zone}, capture_output=True, check=True)
        cases += json.loads(made.stdout)
    return cases


def days_at(offset: int, seed: int) -> list:
    random_.seed(seed)
    cases = []
    with tempfile.TemporaryDirectory() as folder:
        while len(cases) < 16:
            now = int(time.time())
            creation = random_.choice([None, None, 0, offset, -1439, 1439, 1440, -3000, random_.randint(-900, 900)])
            settings = {
                "schedVer": random_.choice([None, 1, 2, 2, 2, 2, 2, 2]),
                "rollover": random_.choice([None, 0, 4, 9, 12, 17, 20, 23, 24, 200, 256, -1]),
                "creationOffset": creation,
            }
            crt = now - random_.choice([0, 3600, 86_400, -86_400, random_.randint(0, 10**8), random_.randint(0, 10**6)])
            if random_.random() < 0.6:
                # The collection was created at the beginning or the end of a day.
                crt += -(crt - (creation or 0) * 60) % 86_400 + random_.choice([-1, 0])
            crt = min(crt, now)
            day = day_number(folder, crt, settings)
            if int(time.time()) == now:
                cases.append([crt, now, *settings.values(), offset, day])
    return cases


def day_number(folder: str, crt: int, settings: dict) -> int:
    col = new_collection(folder, "days")
    for key, value in settings.items():
        if value is None:
            col.remove_config(key)
        else:
            col.set_config(key, value)
    col.db.execute("update col set crt = ?", crt)
    path = col.path
    col.close()
    col = Collection(path)
    try:
        return col._backend.sched_timing_today().days_elapsed
    finally:
        col.close()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        col = new_collection(folder, "names")
        made = {
            "notes": notes(col),
            "decks": decks(col),
            "tags": tags(col),
            "orders": orders(col),
        }
        col.close()
        made["queues"] = queues(new_collection(folder, "queues"))
        made["days"] = days()
    write(made)


def write(made: dict) -> None:
    def line(case: list) -> str:
        return json.dumps(case, separators=(",", ":"))

    parts = [f'"client":{json.dumps(version)}']
    parts += [f'"{name}":[\n' + ",\n".join(line(case) for case in cases) + "\n]" for name, cases in made.items()]
    (Path(__file__).parent / "derived.json").write_text("{" + ",\n".join(parts) + "}\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["days"]:
        print(json.dumps(days_at(int(sys.argv[2]), int(sys.argv[3]))))
    else:
        main()
