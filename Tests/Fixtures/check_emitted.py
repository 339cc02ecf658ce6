#!/usr/bin/env python3
"""Opens emitted collection files with the real client (pip install anki) and prints what it finds.

Usage: check_emitted.py FILE...
Each file is copied, checked for integrity, opened, checked by the client's own "Check Database", and compared with
itself before: a client that changes an emitted file on opening would be dirty (invariants.md G5). Only the fresh
collection (mod 0) is changed: it has no creationOffset, so the client sets one, and its defaults.
"""

import os
import shutil
import sqlite3
import sys
import tempfile

from anki.collection import Collection


def stamps(col):
    tables = ["notes", "cards", "revlog", "decks", "notetypes", "deck_config", "tags"]
    counts = {table: col.db.scalar(f"select count() from {table}") for table in tables}
    dirty = {table: col.db.scalar(f"select count() from {table} where usn = -1") for table in tables}
    return col.db.all("select crt, mod, scm, usn, ls from col")[0], counts, dirty


def check(path):
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, "collection.anki2")
        shutil.copy(path, copy)
        col = Collection(copy)
        assert col.db.scalar("pragma integrity_check") == "ok", "integrity_check"
        state, counts, dirty = stamps(col)
        assert not any(dirty.values()), f"rows to send: {dirty}"
        mod = sqlite3.connect(path).execute("select mod from col").fetchone()[0]
        assert mod == state[4], "ls is not mod"
        assert mod == state[1] or mod == 0, "changed on opening"
        assert col.sched.deck_due_tree() is not None
        for note in col.find_notes(""):
            col.get_note(note).note_type()
        report, ok = col.fix_integrity()
        assert ok, report
        col.close()
        print(f"{path}: ok, col {state}, {counts}, check: {report.strip()!r}")


for name in sys.argv[1:]:
    check(name)
