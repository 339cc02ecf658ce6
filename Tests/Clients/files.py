"""Collection files of schema 18 made by hand (collection-format.md 2, 3 and 8), and opened."""

import hashlib
import json
import sqlite3
import time
from dataclasses import dataclass, field
from pathlib import Path

import rows

SCHEMA = """
create table col (id integer primary key, crt integer not null, mod integer not null, scm integer not null,
  ver integer not null, dty integer not null, usn integer not null, ls integer not null, conf text not null,
  models text not null, decks text not null, dconf text not null, tags text not null);
create table notes (id integer primary key, guid text not null, mid integer not null, mod integer not null,
  usn integer not null, tags text not null, flds text not null, sfld integer not null, csum integer not null,
  flags integer not null, data text not null);
create table cards (id integer primary key, nid integer not null, did integer not null, ord integer not null,
  mod integer not null, usn integer not null, type integer not null, queue integer not null, due integer not null,
  ivl integer not null, factor integer not null, reps integer not null, lapses integer not null,
  left integer not null, odue integer not null, odid integer not null, flags integer not null, data text not null);
create table revlog (id integer primary key, cid integer not null, usn integer not null, ease integer not null,
  ivl integer not null, lastIvl integer not null, factor integer not null, time integer not null,
  type integer not null);
create table graves (oid integer not null, type integer not null, usn integer not null,
  primary key (oid, type)) without rowid;
create table config (KEY text not null primary key, usn integer not null, mtime_secs integer not null,
  val blob not null) without rowid;
create table deck_config (id integer primary key not null, name text not null collate unicase,
  mtime_secs integer not null, usn integer not null, config blob not null);
create table decks (id integer primary key not null, name text not null collate unicase,
  mtime_secs integer not null, usn integer not null, common blob not null, kind blob not null);
create table notetypes (id integer not null primary key, name text not null collate unicase,
  mtime_secs integer not null, usn integer not null, config blob not null);
create table fields (ntid integer not null, ord integer not null, name text not null collate unicase,
  config blob not null, primary key (ntid, ord)) without rowid;
create table templates (ntid integer not null, ord integer not null, name text not null collate unicase,
  mtime_secs integer not null, usn integer not null, config blob not null, primary key (ntid, ord)) without rowid;
create table tags (tag text not null primary key collate unicase, usn integer not null,
  collapsed boolean not null, config blob null) without rowid;
"""

INDEXES = """
create index ix_notes_usn on notes (usn);
create index ix_cards_usn on cards (usn);
create index ix_revlog_usn on revlog (usn);
create index ix_cards_nid on cards (nid);
create index ix_cards_sched on cards (did, queue, due);
create index ix_revlog_cid on revlog (cid);
create index ix_notes_csum on notes (csum);
create index idx_notes_mid on notes (mid);
create index idx_cards_odid on cards (odid) where odid != 0;
create index idx_graves_pending on graves (usn);
create unique index idx_decks_name on decks (name);
create unique index idx_notetypes_name on notetypes (name);
create index idx_notetypes_usn on notetypes (usn);
create unique index idx_fields_name_ntid on fields (name, ntid);
create unique index idx_templates_name_ntid on templates (name, ntid);
create index idx_templates_usn on templates (usn);
"""


@dataclass
class Contents:
    """What a file shall hold. Rows are tuples as they travel (rows.py); their usn are stored as 0."""

    notes: list = field(default_factory=list)
    cards: list = field(default_factory=list)
    revlog: list = field(default_factory=list)
    decks: dict = field(default_factory=lambda: {rows.DEFAULT_DECK: "Default"})
    options: dict = field(default_factory=lambda: {rows.DEFAULT_OPTIONS: "Default"})
    notetypes: dict = field(default_factory=lambda: {rows.BASIC: "Basic"})
    tags: list = field(default_factory=list)
    config: dict = field(default_factory=lambda: dict(rows.CONFIG))
    crt: int = rows.LONG_AGO
    mod: int = 0
    scm: int = 0
    usn: int = 1
    ver: int = 18

    def __post_init__(self):
        now = int(time.time() * 1000)
        self.mod = self.mod or now
        self.scm = self.scm or now

    def counts(self):
        """The list of `sanityCheck2` (sync-protocol.md 6.8)."""
        sizes = [self.cards, self.notes, self.revlog, (), self.notetypes, self.decks, self.options]
        return [[0, 0, 0], *map(len, sizes)]


def compare_unicase(left, right):
    """The order of unicase, exact for the characters that these tests use."""
    left, right = left.casefold(), right.casefold()
    return (left > right) - (left < right)


def connect(path):
    db = sqlite3.connect(path, isolation_level=None)
    db.create_collation("unicase", compare_unicase)
    return db


def write(path, contents):
    """Writes the file and returns its path."""
    path = Path(path)
    path.unlink(missing_ok=True)
    db = connect(path)
    db.executescript("pragma journal_mode=off; pragma synchronous=off;" + SCHEMA)
    db.execute("begin")
    fill(db, contents)
    db.execute("commit")
    db.executescript(INDEXES)
    db.close()
    return path


def make(folder, contents):
    """The bytes of such a file."""
    path = write(Path(folder) / "made.anki2", contents)
    data = path.read_bytes()
    path.unlink()
    return data


def fill(db, contents):
    c = contents
    db.execute(
        "insert into col values (1, ?, ?, ?, ?, 0, ?, ?, '', '', '', '', '')",
        (c.crt, c.mod, c.scm, c.ver, c.usn, c.scm),
    )
    insert(db, "notes", map(_stored_note, c.notes), len(rows.NOTE))
    insert(db, "cards", (rows.changed(row, rows.CARD, usn=0) for row in c.cards), len(rows.CARD))
    insert(db, "revlog", (rows.changed(row, rows.REVLOG, usn=0) for row in c.revlog), len(rows.REVLOG))
    insert(db, "config", ((k, 0, 0, json.dumps(v).encode()) for k, v in c.config.items()), 4)
    # A kind with one normal deck of the default options; empty messages are all defaults.
    normal = bytes([0x0A, 2, 0x08, rows.DEFAULT_OPTIONS])
    deck_names = ((id, name.replace("::", "\x1f")) for id, name in c.decks.items())
    insert(db, "decks", ((id, name, 0, 0, b"", normal) for id, name in deck_names), 6)
    insert(db, "deck_config", ((id, name, 0, 0, b"") for id, name in c.options.items()), 5)
    insert(db, "notetypes", ((id, name, 0, 0, b"") for id, name in c.notetypes.items()), 5)
    names = enumerate(["Front", "Back"])
    insert(db, "fields", ((id, ord, name, b"") for ord, name in names for id in c.notetypes), 4)
    question = bytes([0x0A, 9]) + b"{{Front}}"
    insert(db, "templates", ((id, 0, "Card 1", 0, 0, question) for id in c.notetypes), 6)
    insert(db, "tags", ((tag, 0, 1, None) for tag in c.tags), 4)


def insert(db, table, values, width):
    db.executemany(f"insert into {table} values ({','.join('?' * width)})", values)


def _stored_note(row):
    first = row[rows.NOTE.index("flds")].split("\x1f")[0]
    checksum = int.from_bytes(hashlib.sha1(first.encode()).digest()[:4], "big")
    return rows.changed(row, rows.NOTE, usn=0, sfld=first, csum=checksum)


class Opened:
    """A collection file that came from a server, for looking into."""

    def __init__(self, data, folder):
        self.path = Path(folder) / f"opened-{hashlib.sha1(data).hexdigest()[:12]}.anki2"
        self.path.write_bytes(data)
        self.db = connect(self.path)

    def rows(self, sql, *values):
        return [list(row) for row in self.db.execute(sql, values)]

    def column(self, sql, *values):
        return [row[0] for row in self.db.execute(sql, values)]

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.db.close()
        self.path.unlink()
