"""Collections to measure with: files of many rows, made once and kept compressed in a temporary folder."""

import os
import random
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import zstandard

import files
import rows
from files import Contents

CACHE = Path(tempfile.gettempdir()) / "djankiserv-bench"
FIRST_NOTE = 1_600_000_000_000
FIRST_REVIEW = 1_610_000_000_000
DECKS = 40
WORDS = "sol luna mare terra ignis ventus arbor flumen mons via lux nox dies annus vita mors pax bellum rex lex".split()
VERSION = 1


@dataclass(frozen=True)
class Shape:
    """How many rows; cards per note may be a fraction, reviews are spread over all cards."""

    name: str
    notes: int
    cards: int
    reviews: int

    def counts(self, notes=0, cards=0, reviews=0):
        """The list of `sanityCheck2`, with what a sync added."""
        sums = [self.cards + cards, self.notes + notes, self.reviews + reviews]
        return [[0, 0, 0], *sums, 0, 1, DECKS + 1, 1]

    def file(self):
        """The collection file, as it is before compression."""
        path = CACHE / f"{self.name}-{VERSION}.anki2"
        if not path.exists():
            CACHE.mkdir(exist_ok=True)
            partial = path.with_suffix(f".{os.getpid()}")
            write(partial, self)
            partial.rename(path)
        return path

    def body(self):
        """The file as it travels: one zstd frame."""
        path = self.file().with_suffix(".zst")
        if not path.exists():
            partial = path.with_suffix(f".{os.getpid()}")
            compressor = zstandard.ZstdCompressor(write_content_size=False)
            with open(self.file(), "rb") as source, open(partial, "wb") as target:
                compressor.copy_stream(source, target)
            partial.rename(path)
        return path.read_bytes()


SMALL = Shape("7000-cards", 7_000, 7_000, 40_000)
QUICK = Shape("5000-notes", 5_000, 5_000, 30_000)
MIDDLE = Shape("50000-notes", 50_000, 60_000, 500_000)
LARGE = Shape("200000-notes", 200_000, 300_000, 3_000_000)


def note_id(number):
    return FIRST_NOTE + number * 1000


def card_id(shape, number):
    return note_id(number % shape.notes) + number // shape.notes


def write(path, shape):
    decks = {rows.DEFAULT_DECK: "Default"}
    decks.update({rows.LONG_AGO * 1000 + number: f"Subject {number // 8}::Deck {number}" for number in range(DECKS)})
    tags = [f"topic::{word}" for word in WORDS]
    path.unlink(missing_ok=True)
    db = files.connect(path)
    db.executescript("pragma journal_mode=off; pragma synchronous=off;" + files.SCHEMA)
    db.execute("begin")
    files.fill(db, Contents(decks=decks, tags=tags))
    files.insert(db, "notes", notes(shape), len(rows.NOTE))
    files.insert(db, "cards", cards(shape, [id for id in decks if id != rows.DEFAULT_DECK]), len(rows.CARD))
    files.insert(db, "revlog", reviews(shape), len(rows.REVLOG))
    db.execute("commit")
    db.executescript(files.INDEXES)
    db.close()


def notes(shape):
    chance = random.Random(shape.name)
    for number in range(shape.notes):
        front = " ".join(chance.choices(WORDS, k=6)) + f" {number}"
        fields = front + "\x1f" + " ".join(chance.choices(WORDS, k=20))
        tags = f" topic::{chance.choice(WORDS)} "
        yield note_id(number), f"g{number:x}", rows.BASIC, rows.LONG_AGO, 0, tags, fields, front, number, 0, ""


def cards(shape, decks):
    for number in range(shape.cards):
        deck = decks[number % len(decks)]
        nid, ord = note_id(number % shape.notes), number // shape.notes
        id = card_id(shape, number)
        yield id, nid, deck, ord, rows.LONG_AGO, 0, 2, 2, number % 900, 30, 2500, 8, 0, 0, 0, 0, 0, '{"pos":1}'


def reviews(shape):
    for number in range(shape.reviews):
        cid = card_id(shape, number % shape.cards)
        yield FIRST_REVIEW + number * 7, cid, 0, 3, 30, 12, 2500, 6000 + number % 5000, 1


def forget():
    """Removes the files that were kept."""
    shutil.rmtree(CACHE, ignore_errors=True)
