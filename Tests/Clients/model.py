"""A client in Python: dictionaries for a collection, and the client's half of a sync.

It follows what real clients do (sync-protocol.md 5 and 6) and is quick enough for histories of
thousands of steps. `steps` is a generator, so that the syncs of several devices can be interleaved.
"""

import copy
import http.client
import time

import rows

GRAVES = ["cards", "notes", "decks"]
ROWS = {"notes": rows.NOTE, "cards": rows.CARD, "revlog": rows.REVLOG}
OBJECTS = ["models", "decks", "options"]
PART = 250


class OneWaySync(Exception):
    """The server and this device cannot be merged: one would have to replace the other."""


class InsaneServer(Exception):
    """`sanityCheck2` was answered `bad`: a real client would now ask for a one-way sync."""


class Model:
    def __init__(self, wire, contents):
        """A device that holds `contents`, as after an upload or a download."""
        self.wire = wire
        self.mod, self.scm, self.usn, self.crt = contents.mod, contents.scm, contents.usn, contents.crt
        self.notes = {row[0]: list(row) for row in contents.notes}
        self.cards = {row[0]: list(row) for row in contents.cards}
        self.revlog = {row[0]: list(row) for row in contents.revlog}
        self.decks = {id: rows.deck(id, name, 0, usn=0) for id, name in contents.decks.items()}
        self.options = {id: rows.options(id, name, 0, usn=0) for id, name in contents.options.items()}
        self.models = {id: rows.notetype(id, name, 0, usn=0, css="") for id, name in contents.notetypes.items()}
        self.tags = {tag: 0 for tag in contents.tags}
        self.config = dict(contents.config)
        self.graves = []
        for table, names in ROWS.items():
            for row in getattr(self, table).values():
                row[names.index("usn")] = 0

    # edits

    def put(self, table, row):
        """Adds or replaces a note, card or review; it is pending now."""
        getattr(self, table)[row[0]] = rows.changed(row, ROWS[table], usn=-1)
        self.touch()

    def change(self, table, id, **columns):
        self.put(table, rows.changed(getattr(self, table)[id], ROWS[table], **columns))

    def put_object(self, table, object):
        """Adds or replaces a deck, options or a notetype."""
        getattr(self, table)[object["id"]] = {**object, "usn": -1}
        self.touch()

    def remove(self, kind, id):
        if getattr(self, kind).pop(id, None) is not None:
            self.graves.append((kind, id))
            self.touch()

    def add_tag(self, name):
        if name.casefold() not in map(str.casefold, self.tags):
            self.tags[name] = -1
            self.touch()

    def set_config(self, key, value):
        self.config[key] = value
        self.touch()

    def touch(self):
        self.mod = max(self.mod + 1, int(time.time() * 1000))

    # what is compared

    def shown(self):
        """What every device must agree on (invariants.md C1)."""
        return {
            **{table: {id: comparable(row, names) for id, row in getattr(self, table).items()}
               for table, names in ROWS.items()},
            **{table: {id: (o["name"], o["mod"]) for id, o in getattr(self, table).items()} for table in OBJECTS},
            "tags": sorted(self.tags),
            "config": self.config,
        }  # fmt: skip

    def counts(self):
        tables = [self.cards, self.notes, self.revlog, (), self.models, self.decks, self.options]
        return [[0, 0, 0], *map(len, tables)]

    # the sync

    def sync(self):
        """A whole sync; "nothing" when `meta` showed that there is nothing to do."""
        steps = self.steps()
        while True:
            try:
                next(steps)
            except StopIteration as end:
                return end.value

    def steps(self):
        """The sync, pausing before each request (with its name). Nothing is kept of a failed one."""
        wire = self.wire.another()
        yield "meta"
        meta = wire.meta()
        if meta["mod"] == self.mod:
            return "nothing"
        if meta["scm"] != self.scm:
            raise OneWaySync(f"scm {self.scm} here, {meta['scm']} there")
        draft = copy.copy(self)
        draft._own_tables()
        try:
            yield from draft._merge(wire, meta)
        except Exception:
            abort(wire)
            raise
        self.__dict__.update(draft.__dict__)
        return "merged"

    def _own_tables(self):
        """Rows are replaced, never changed, once they are in a table: flat copies are enough."""
        for table in [*ROWS, *OBJECTS, "tags", "config"]:
            setattr(self, table, dict(getattr(self, table)))
        self.graves = list(self.graves)

    def _merge(self, wire, meta):
        newer = self.mod > meta["mod"]
        server_usn = meta["usn"]
        yield "start"
        self._bury(wire.start(self.usn, newer))
        for first in range(0, len(self.graves), PART):
            yield "applyGraves"
            part = self.graves[first : first + PART]
            wire.apply_graves(**{kind: [id for k, id in part if k == kind] for kind in GRAVES})
        yield "applyChanges"
        self._take_changes(wire.apply_changes(**self._changes(newer, server_usn)))
        done = False
        while not done:
            yield "chunk"
            part = wire.chunk()
            self._take_rows(part)
            done = part["done"]
        for part in self._chunks(server_usn):
            yield "applyChunk"
            wire.apply_chunk(**part)
        yield "sanityCheck2"
        verdict = wire.sanity(self.counts())
        if verdict["status"] != "ok":
            raise InsaneServer(f"{verdict}")
        yield "finish"
        self.mod = wire.finish()
        self.usn = server_usn + 1
        self.graves = []

    def _bury(self, graves):
        for kind in GRAVES:
            for id in graves[kind]:
                getattr(self, kind).pop(id, None)

    def _changes(self, newer, usn):
        """Everything pending that is not a row of a chunk; no longer pending afterwards."""
        sent = {}
        for table in OBJECTS:
            own = getattr(self, table)
            sent[table] = [{**o, "usn": usn} for o in own.values() if o["usn"] == -1]
            own.update((o["id"], o) for o in sent[table])
        sent["tags"] = [tag for tag, state in self.tags.items() if state == -1]
        self.tags.update(dict.fromkeys(sent["tags"], usn))
        if newer:
            sent.update(conf=self.config, crt=self.crt)
        return sent

    def _take_changes(self, reply):
        received = {"models": reply["models"], "decks": reply["decks"][0], "options": reply["decks"][1]}
        for table, objects in received.items():
            own = getattr(self, table)
            for incoming in objects:
                present = own.get(incoming["id"])
                # Ties go to the server's version in current clients (sync-protocol.md 6.5).
                if present is None or present["mod"] <= incoming["mod"]:
                    own[incoming["id"]] = incoming
        known = {tag.casefold() for tag in self.tags}
        self.tags.update((tag, 0) for tag in reply["tags"] if tag.casefold() not in known)
        if "conf" in reply:
            self.config, self.crt = reply["conf"], reply["crt"]

    def _take_rows(self, part):
        for row in part.get("revlog", []):
            self.revlog.setdefault(row[0], row)
        for table in ("cards", "notes"):
            own, names = getattr(self, table), ROWS[table]
            usn, mod = names.index("usn"), names.index("mod")
            for row in part.get(table, []):
                present = own.get(row[0])
                if present is None or present[usn] != -1 or present[mod] < row[mod]:
                    own[row[0]] = row

    def _chunks(self, usn):
        """Pending rows in parts of 250; the last part, possibly empty, says `done`."""
        waiting = []
        for table, names in ROWS.items():
            own, column = getattr(self, table), names.index("usn")
            sent = [rows.changed(row, names, usn=usn) for row in own.values() if row[column] == -1]
            own.update((row[0], row) for row in sent)
            waiting += [(table, row) for row in sent]
        while True:
            part, waiting = waiting[:PART], waiting[PART:]
            lists = {table: [wire_row(table, row) for t, row in part if t == table] for table in ROWS}
            yield {**lists, "done": len(part) < PART}
            if len(part) < PART:
                return


def wire_row(table, row):
    """Sort field and checksum never travel (sync-protocol.md 10)."""
    return rows.changed(row, rows.NOTE, sfld="", csum="") if table == "notes" else row


def comparable(row, names):
    """What is equal everywhere; "{}" and "" are the same `data`."""
    hidden = {"usn", "sfld", "csum"}
    return tuple("" if value == "{}" else value for name, value in zip(names, row) if name not in hidden)


def abort(wire):
    try:
        wire.call("abort")
    except (OSError, http.client.HTTPException):
        pass  # a server that is gone has nothing to abort
