"""One real Anki client in a process of its own (obeying.py)."""

import time

from anki.collection import Collection
from anki.sync import SyncAuth, SyncOutput

import dump
from edits import Edits
from obeying import obey

REQUIRED = {
    SyncOutput.NO_CHANGES: "nothing",
    SyncOutput.NORMAL_SYNC: "normal",
    SyncOutput.FULL_SYNC: "full",
    SyncOutput.FULL_DOWNLOAD: "download",
    SyncOutput.FULL_UPLOAD: "upload",
}


class Client(Edits):
    """The open collection, its login, and what can be asked of it."""

    def __init__(self):
        self.col = None
        self.path = None
        self.key = ""
        self.url = ""

    def open(self, path, url, key=""):
        self.path, self.url, self.key = path, url, key
        self.col = Collection(path)

    def close(self):
        if self.col is not None:
            self.col.close(downgrade=False)
            self.col = None

    def close_as_schema11(self):
        """Leaves the file as old versions would write it."""
        self.col.close(downgrade=True)
        self.col = None

    def reopen(self):
        self.close()
        self.col = Collection(self.path)

    def set_url(self, url):
        self.url = url

    def login(self, name, password):
        self.key = self.col.sync_login(username=name, password=password, endpoint=self.url).hkey
        return self.key

    def sync(self):
        """A sync as the client does it; what it asks for afterwards ("nothing" = all done)."""
        reply = self.col.sync_collection(auth=self._auth(), sync_media=False)
        return {"required": REQUIRED[reply.required], "message": reply.server_message}

    def sync_media(self):
        """A sync of the media folder, to its end."""
        self.col.sync_media(self._auth())
        while self.col.media_sync_status().active:
            time.sleep(0.01)

    def status(self):
        return REQUIRED[self.col.sync_status(self._auth()).required]

    def upload(self):
        self._full(upload=True)

    def download(self):
        self._full(upload=False)

    def _full(self, upload):
        self.col.close_for_full_sync()
        try:
            self.col.full_upload_or_download(auth=self._auth(), server_usn=None, upload=upload)
        finally:
            self.col.reopen(after_full_sync=True)

    def _auth(self):
        return SyncAuth(hkey=self.key, endpoint=self.url)

    def dump(self):
        return dump.dump(self.query)

    def pending(self):
        return dump.pending(self.query)

    def today(self):
        """The number of the day, and the second at which it ends."""
        return {"number": self.col.sched.today, "end": self.col.sched.day_cutoff}

    def graphs(self):
        """What the statistics say by day, counted from today: answers and their milliseconds by kind, cards due."""
        graphs = self.col._backend.graphs(search="", days=0)
        kinds = ["learn", "relearn", "young", "mature", "filtered"]

        def by_day(days):
            return {day: {kind: getattr(one, kind) for kind in kinds} for day, one in days.items()}

        reviews = graphs.reviews
        return {
            "count": by_day(reviews.count),
            "time": by_day(reviews.time),
            "due": dict(graphs.future_due.future_due),
        }

    def stamps(self):
        names = ["crt", "mod", "scm", "usn", "ls"]
        return dict(zip(names, self.query("select crt, mod, scm, usn, ls from col")[0]))

    def query(self, sql, *values):
        return self.col.db.all(sql, *values)

    def execute(self, sql, *values):
        """Any change, as an add-on would make it."""
        self.col.db.execute(sql, *values)
        self.touch()

    def touch(self):
        """Marks the collection as changed now."""
        self.col.db.execute("update col set mod = max(mod + 1, ?)", int(time.time() * 1000))

    def check_database(self):
        """Whether Check Database finds nothing to mend."""
        problems, fine = self.col.fix_integrity()
        return {"fine": fine, "problems": problems}

    def undo(self):
        self.col.undo()


if __name__ == "__main__":
    obey(Client())
