#!/usr/bin/env python3
"""Makes collections/rich18.anki2 and collections/rich11.anki2 with the real client (pip install anki).

Both hold the same collection, as a client uploads it: once in schema 18, once downgraded to schema 11.
Usage: make_collections.py [FOLDER]
"""

import json
import os
import shutil
import sqlite3
import sys
import tempfile

from anki.collection import AddNoteRequest, Collection
from anki.scheduler.v3 import CardAnswer


def add_notes(col):
    basic = col.models.by_name("Basic")
    cloze = col.models.by_name("Cloze")
    decks = [col.decks.id(name) for name in ("Default", "Top::Sub deck", "Ärger::Größe", "日本語", "_under", "[x]")]
    texts = [
        "plain", "今日", "<b>bold</b> &amp; <img src=\"a b.jpg\">", "0012", " 1.50 ", "1e3", "&#65;", "a<br>b",
        "", "🎌 emoji", "e\u0301 decomposed", "[sound:a.mp3]", "x" * 300, "-7", "99999999999999999999",
    ]
    requests = []
    for number, text in enumerate(texts):
        note = col.new_note(basic)
        note["Front"], note["Back"] = text or "front", f"back {number}"
        note.tags = ["Foo", "foo::BAR", "straße"][: number % 4]
        requests.append(AddNoteRequest(note, decks[number % len(decks)]))
    note = col.new_note(cloze)
    note["Text"] = "{{c1::one}} and {{c2::two}}"
    requests.append(AddNoteRequest(note, decks[1]))
    col.add_notes(requests)


def change_options(col):
    config = col.decks.add_config("my conf")
    config["new"]["perDay"] = 33
    config["new"]["delays"] = [1, 10, 60.5]
    config["addon"] = {"deep": [1, 2.5, None, True, "ü"]}
    config["rev"]["addonRev"] = 7
    col.decks.update_config(config)
    deck = col.decks.by_name("Top::Sub deck")
    deck["conf"], deck["desc"], deck["addonDeck"] = config["id"], "a <i>description</i>", {"k": [1]}
    deck["reviewLimit"], deck["newLimit"], deck["desiredRetention"] = 50, 5, 92
    col.decks.save(deck)
    col.decks.new_filtered("Filtered")
    copy = col.models.copy(col.models.by_name("Basic"))
    copy["name"], copy["addonModel"], copy["flds"][0]["addonField"] = "Größe", 1, "x"
    copy["tmpls"][0]["addonTemplate"], copy["flds"][0]["rtl"] = [None], True
    col.models.update_dict(copy)
    for key, value in {"text": "ü\u2028", "half": 2.5, "big": 2**53 + 1, "none": None, "list": [[], {}]}.items():
        col.set_config(key, value)


def study(col):
    for index, name in enumerate(["Default", "Top::Sub deck", "日本語", "_under"] * 2):
        col.decks.select(col.decks.id(name))
        top = col.sched.get_queued_cards(fetch_limit=1).cards[0]
        card = col.get_card(top.card.id)
        card.start_timer()
        rating = [CardAnswer.AGAIN, CardAnswer.HARD, CardAnswer.GOOD, CardAnswer.EASY][index % 4]
        col.sched.answer_card(col.sched.build_answer(card=card, states=top.states, rating=rating))
    ids = col.find_cards("is:new")
    col.sched.suspend_cards(ids[:1])
    col.sched.bury_cards(ids[1:3], manual=False)
    col.set_user_flag_for_cards(3, ids[:2])


def prepare_upload(path):
    """What a client does before it uploads (sync-protocol.md 6.11), as far as a file shows it."""
    db = sqlite3.connect(path)
    db.create_collation("unicase", lambda a, b: (a.casefold() > b.casefold()) - (a.casefold() < b.casefold()))
    for table in ("notes", "cards", "revlog", "tags", "decks", "deck_config", "notetypes"):
        db.execute(f"update {table} set usn = 0")
    db.execute("delete from graves")
    db.execute("update col set usn = 1, mod = 1700000000123, scm = 1700000000123, ls = 1700000000123")
    db.commit()
    db.execute("vacuum")
    db.execute("pragma journal_mode = wal")
    db.close()


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "collections")
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, "collection.anki2")
        col = Collection(path)
        add_notes(col)
        change_options(col)
        study(col)
        col.close()
        prepare_upload(path)
        shutil.copy(path, os.path.join(folder, "rich18.anki2"))
        col = Collection(path)
        col.close(downgrade=True)
        db = sqlite3.connect(path)
        # Opening and closing moves the stamps; both files tell of one state.
        db.execute("update col set usn = 1, mod = 1700000000123, scm = 1700000000123, ls = 1700000000123")
        assert db.execute("select ver from col").fetchone() == (11,)
        models = json.loads(db.execute("select models from col").fetchone()[0])
        assert any(model.get("addonModel") for model in models.values())
        db.commit()
        db.execute("pragma journal_mode = delete")
        db.execute("vacuum")
        db.close()
        shutil.copy(path, os.path.join(folder, "rich11.anki2"))


main()
