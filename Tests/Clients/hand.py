"""A hand-made device over a small collection that it uploaded: single steps, wrong ones too."""

import contextlib

import files
import rows
from files import Contents
from model import Model
from wire import Wire

N1, N2, N3 = 1_600_000_000_000, 1_600_000_000_010, 1_600_000_000_020
OTHER_DECK = 1_500_000_000_500
NEW = 1_650_000_000_000  # id of what the standard change adds
LATER = 1_700_000_000  # a `mod` later than that of the first rows


def base(**more):
    """Three notes with a card each, one review, two decks, one tag."""
    return Contents(
        notes=[rows.note(id) for id in (N1, N2, N3)],
        cards=[rows.card(id) for id in (N1, N2, N3)],
        revlog=[rows.review(N1 + 5, N1)],
        decks={rows.DEFAULT_DECK: "Default", OTHER_DECK: "Other"},
        tags=["base"],
        **more,
    )


class Hand:
    def __init__(self, world, folder, contents=None):
        self.world = world
        self.folder = folder
        self.contents = contents or base()
        self.usn = self.contents.usn
        self.wire = world.wire()
        assert self.upload(self.contents) == "OK"

    def upload(self, contents):
        return self.wire.upload(files.make(self.folder, contents))

    def model(self):
        """A device that holds what was uploaded and knows the client's half of a sync."""
        return Model(self.world.wire(), self.contents)

    def other(self):
        """Another device of the same user, with a host key of its own."""
        return self.world.wire()

    def counts(self, notes=0, cards=0, revlog=0, models=0, decks=0, options=0):
        """The counts of `sanityCheck2`, with what the sync adds."""
        more = [cards, notes, revlog, 0, models, decks, options]
        first, *counts = self.contents.counts()
        return [first, *(count + extra for count, extra in zip(counts, more))]

    def begin(self, wire=None, usn=None, newer=True):
        """A new sync run in which `start` was called."""
        run = (wire or self.wire).another()
        run.start(self.usn if usn is None else usn, newer)
        return run

    def run_to(self, last, wire=None):
        """The standard change, step by step up to `last`: one grave, and one new row of every kind."""
        run = (wire or self.wire).another()
        for step, act in self.standard_change(run):
            act()
            if step == last:
                return run
        raise KeyError(last)

    def standard_change(self, run):
        """The steps as (name, action)."""
        added = dict(notes=[rows.note(NEW)], cards=[rows.card(NEW)], revlog=[rows.review(NEW, NEW)])
        new = dict(decks=[rows.deck(NEW, "New deck")], options=[rows.options(NEW, "New")], tags=["new"])
        return [
            ("start", lambda: run.start(self.usn)),
            ("applyGraves", lambda: run.apply_graves(notes=[N3], cards=[N3])),
            ("applyChanges", lambda: run.apply_changes(models=[rows.notetype(NEW, "New")], **new)),
            ("chunk", run.chunks),
            ("applyChunk", lambda: run.apply_chunk(**added)),
            ("sanityCheck2", lambda: self._sane(run)),
            ("finish", run.finish),
        ]

    def _sane(self, run):
        reply = run.sanity(self.counts(revlog=1, models=1, decks=1, options=1))
        assert reply["status"] == "ok", reply

    def send(self, counts, wire=None, usn=None, notes=(), cards=(), revlog=(), graves=None, **changes):
        """A whole sync with these contents; what the server sent of its own."""
        run = self.begin(wire, usn, newer="conf" in changes)
        if graves:
            run.apply_graves(**graves)
        reply = run.apply_changes(**changes)
        reply.update(run.chunks())
        run.apply_chunk(notes, cards, revlog)
        sane = run.sanity(counts)
        assert sane["status"] == "ok", sane
        reply["mod"] = run.finish()
        return reply

    def receive(self, usn=None, wire=None):
        """All that the server has for a device that last synced at `usn`; nothing is finished."""
        run = (wire or self.other()).another()
        received = {"graves": run.start(self.usn if usn is None else usn, False)}
        received.update(run.apply_changes())
        received.update(run.chunks())
        assert run.call("abort").status == 200
        return received

    def stamps(self):
        meta = self.wire.another().meta()
        return {key: meta[key] for key in ("mod", "scm", "usn", "empty")}

    @contextlib.contextmanager
    def unchanged(self):
        """What happens inside leaves no trace: rows, graves and stamps are as before."""
        rows_before, graves, stamps = self.world.kept(), self.receive(0)["graves"], self.stamps()
        yield
        assert self.stamps() == stamps
        assert self.receive(0)["graves"] == graves
        assert self.world.kept() == rows_before

    @contextlib.contextmanager
    def unchanged_once_freed(self, fill):
        """As `unchanged`, on a disk that `fill()` fills meanwhile; it returns the file that does so."""
        with self.unchanged():
            ballast = fill()
            try:
                yield
            finally:
                ballast.unlink()

    def raw(self):
        return Wire(self.world.server.url)
