"""One real Anki client of any version from 2.1.26 on, in a process of its own (obeying.py).

Runs with the Python of its own virtual environment, so it uses nothing but that version's `anki` and
obeying.py, says only what every version can say, and must be read by Python 3.8.
"""

import inspect
import os
import time
from pathlib import Path

import anki.sync

try:
    from anki.collection import Collection
except ImportError:
    from anki.storage import Collection

try:
    import anki.lang

    anki.lang.set_lang("en")
except (AttributeError, TypeError):
    pass

from obeying import obey

REQUIRED = ["nothing", "normal", "full", "download", "upload"]
ENDED = {"noChanges": "nothing", "success": "nothing", "fullSync": "full"}


class SyncFailed(Exception):
    """How 2.1.26 says that a sync did not end well."""


class PythonSync:
    """The sync of 2.1.26, which was written in Python; its address is a constant that add-ons patched."""

    def __init__(self, client):
        self.client = client
        anki.sync.SYNC_BASE = client.url + "%s"
        self.key = ""

    def login(self, name, password):
        self.key = anki.sync.RemoteServer(None, hostNum=None).hostKey(name, password)
        if self.key is None:
            raise SyncFailed("badAuth: wrong password")
        return self.key

    def sync(self):
        server = anki.sync.RemoteServer(self.key, hostNum=None)
        syncer = anki.sync.Syncer(self.client.col, server)
        try:
            ended = syncer.sync()
        except Exception:
            self.client.col.rollback()
            raise
        if ended not in ENDED:
            raise SyncFailed("%s %s" % (ended, syncer.syncMsg))
        return {"required": ENDED[ended], "message": syncer.syncMsg}

    def full(self, upload):
        syncer = anki.sync.FullSyncer(self.client.col, self.key, anki.sync.HttpClient(), hostNum=None)
        done = syncer.upload() if upload else syncer.download()
        self.client.col.close(save=False, downgrade=False)
        self.client.col = Collection(self.client.path)
        if upload and not done or done == "downloadClobber":
            raise SyncFailed("full sync failed")

    def media(self):
        self.client.backend.sync_media(self.key, self.client.url + "msync/")


class RustSync:
    """The sync of all later versions; up to 2.1.56 the address is in the environment."""

    def __init__(self, client):
        self.client = client
        os.environ["SYNC_ENDPOINT"] = client.url + "sync/"
        os.environ["SYNC_ENDPOINT_MEDIA"] = client.url + "msync/"
        self.auth = None

    def _find(self, name):
        return getattr(self.client.col, name, None) or getattr(self.client.backend, name)

    def login(self, name, password):
        login = getattr(self.client.col, "sync_login", None)
        if login is None:
            self.auth = self.client.backend.sync_login(username=name, password=password)
        elif "endpoint" in inspect.signature(login).parameters:
            self.auth = login(username=name, password=password, endpoint=self.client.url)
            self.auth.endpoint = self.client.url  # what the preferences keep
        else:
            self.auth = login(username=name, password=password)
        return self.auth.hkey

    def sync(self):
        sync = self._find("sync_collection")
        self.client.leave_transaction()
        try:
            extra = {"sync_media": False} if "sync_media" in inspect.signature(sync).parameters else {}
            reply = sync(self.auth, **extra)
        finally:
            self.client.enter_transaction()
        return {"required": REQUIRED[reply.required], "message": reply.server_message}

    def full(self, upload):
        col = self.client.col
        col.close_for_full_sync()
        try:
            if hasattr(col, "full_upload_or_download"):
                col.full_upload_or_download(auth=self.auth, server_usn=None, upload=upload)
            else:
                self._find("full_upload" if upload else "full_download")(self.auth)
        finally:
            col.reopen(after_full_sync=True)

    def media(self):
        self._find("sync_media")(self.auth)
        while hasattr(self.client.col, "media_sync_status") and self.client.col.media_sync_status().active:
            time.sleep(0.01)


class Client:
    def __init__(self):
        self.col = None
        self.path = self.url = None

    def open(self, path, url):
        self.path, self.url = path, url
        self.col = Collection(path)
        self.remote = (PythonSync if hasattr(anki.sync, "RemoteServer") else RustSync)(self)

    def close(self):
        if self.col is not None:
            self.col.close(downgrade=False)
            self.col = None

    @property
    def backend(self):
        return getattr(self.col, "_backend", None) or self.col.backend

    @property
    def has_transactions(self):
        """Whether Python holds one open, which the Rust code must not meet."""
        return "trx" in inspect.signature(self.col.save).parameters

    def leave_transaction(self):
        if self.has_transactions:
            self.col.db.commit()  # save() takes a change of the same millisecond for none and rolls it back

    def enter_transaction(self):
        if self.has_transactions:
            self.col.db.begin()
        if hasattr(self.col.models, "_clear_cache"):
            self.col.models._clear_cache()

    def version(self):
        from anki.buildinfo import version

        return version

    # the sync

    def login(self, name, password):
        return self.remote.login(name, password)

    def sync(self):
        return self.remote.sync()

    def upload(self):
        self.remote.full(upload=True)

    def download(self):
        self.remote.full(upload=False)

    def sync_media(self):
        self.remote.media()

    # what a person does

    def add_note(self, id, fields, deck="Default", tags=(), notetype="Basic"):
        kind = self._notetype(notetype)
        note = self.col.new_note(kind) if hasattr(self.col, "new_note") else self._old_note(kind)
        note.fields = list(fields)
        note.tags = list(tags)
        note.guid = "guid%d" % id
        did = self.col.decks.id(deck)
        if hasattr(self.col, "add_note"):
            self.col.add_note(note, did)
        else:
            kind["did"] = did
            self.col.addNote(note)
        self.execute("update cards set id = ? + ord, nid = ? where nid = ?", id, id, note.id)
        self.execute("update notes set id = ? where id = ?", id, note.id)

    def _old_note(self, kind):
        from anki.notes import Note

        return Note(self.col, kind)

    def _notetype(self, name):
        found = [kind for kind in self.col.models.all() if kind["name"].split("-")[0] == name]
        if not found:
            raise KeyError("no notetype " + name)
        return found[0]

    def _note(self, id):
        return self.col.get_note(id) if hasattr(self.col, "get_note") else self.col.getNote(id)

    def _card(self, id):
        return self.col.get_card(id) if hasattr(self.col, "get_card") else self.col.getCard(id)

    def edit_note(self, id, fields, tags=None):
        note = self._note(id)
        note.fields = list(fields)
        if tags is not None:
            note.tags = list(tags)
        if hasattr(self.col, "update_note"):
            self.col.update_note(note)
        else:
            note.flush()
        self.touch()

    def remove_notes(self, *ids):
        (getattr(self.col, "remove_notes", None) or self.col.remNotes)(list(ids))
        self.touch()

    def answer(self, card, ease):
        """Studies a card, whatever the queue says of it."""
        time.sleep(0.002)  # the id of a review is its millisecond
        card = self._card(card)
        (getattr(card, "start_timer", None) or card.startTimer)()
        if hasattr(self.backend, "get_scheduling_states") and self._is_v3():
            states = self.backend.get_scheduling_states(card.id)
            chosen = [states.again, states.hard, states.good, states.easy][ease - 1]
            from anki.scheduler_pb2 import CardAnswer

            self.backend.answer_card(
                CardAnswer(card_id=card.id, current_state=states.current, new_state=chosen, rating=ease - 1,
                           answered_at_millis=int(time.time() * 1000), milliseconds_taken=1000)
            )  # fmt: skip
        else:
            getattr(self.col.sched, "reset", lambda: None)()
            self.col.sched.answerCard(card, ease)
        self.touch()

    def _is_v3(self):
        v3 = getattr(self.col, "v3_scheduler", None)
        return bool(v3 and v3())

    def flag(self, card, colour):
        change = getattr(self.col, "set_user_flag_for_cards", None) or self.col.setUserFlag
        change(colour, [card])
        self.touch()

    def add_deck(self, name):
        time.sleep(0.002)  # the id of a deck is its millisecond
        id = self.col.decks.id(name)
        self.touch()
        return id

    def edit_deck(self, name, **keys):
        deck = (getattr(self.col.decks, "by_name", None) or self.col.decks.byName)(name)
        deck.update(keys)
        self.col.decks.save(deck)
        self.touch()

    def remove_deck(self, name):
        deck = (getattr(self.col.decks, "by_name", None) or self.col.decks.byName)(name)
        if hasattr(self.col.decks, "remove"):
            self.col.decks.remove([deck["id"]])
        else:
            self.col.decks.rem(deck["id"], cardsToo=True)
        self.touch()

    def edit_options(self, **keys):
        options = self._options()[0]
        options.update(keys)
        save = getattr(self.col.decks, "update_config", None) or getattr(self.col.decks, "updateConf", None)
        (save or self.col.decks.save)(options)
        self.touch()

    def _options(self):
        return (getattr(self.col.decks, "all_config", None) or self.col.decks.allConf)()

    def edit_notetype(self, name, **keys):
        kind = self._notetype(name)
        kind.update(keys)
        (getattr(self.col.models, "update_dict", None) or self.col.models.save)(kind)
        self.touch()

    def add_field(self, notetype, name):
        """A change of the schema: only a full sync can follow."""
        models, kind = self.col.models, self._notetype(notetype)
        self.force_full_sync()
        if hasattr(models, "update_dict"):
            models.add_field(kind, models.new_field(name))
            models.update_dict(kind)
        else:
            models.addField(kind, models.newField(name))
            models.save(kind)
        self.touch()

    def force_full_sync(self):
        """What a person does in the preferences."""
        (getattr(self.col, "mod_schema", None) or self.col.modSchema)(check=False)
        self.touch()

    def set_config(self, key, value):
        if hasattr(self.col, "set_config"):
            self.col.set_config(key, value)
        else:
            self.col.conf[key] = value
        self.touch()

    # the collection

    def query(self, sql, *values):
        return self.col.db.all(sql, *values)

    def execute(self, sql, *values):
        self.col.db.execute(sql, *values)
        self.touch()

    def touch(self):
        """Marks the collection as changed now."""
        if isinstance(self.remote, PythonSync):
            self.col.setMod()
            self.col.save()
        else:
            self.col.db.execute("update col set mod = max(mod + 1, ?)", int(time.time() * 1000))

    def portrait(self):
        """What every version can tell of its collection."""
        return {
            "notes": self._rows("select id, guid, mid, mod, trim(tags), flds, csum from notes"),
            "cards": self._rows(CARDS),
            "revlog": self._rows("select id, cid, ease, ivl, lastIvl, factor, time, type from revlog"),
            "decks": {str(deck["id"]): [deck["name"], deck.get("desc", "")] for deck in self.col.decks.all()},
            "options": {str(one["id"]): [one["name"], one["maxTaken"]] for one in self._options()},
            "notetypes": {str(kind["id"]): self._names(kind) for kind in self.col.models.all()},
            "tags": sorted(self.col.tags.all()),
            "config": self._config("story"),
        }

    def _rows(self, sql):
        return {str(row[0]): list(row[1:]) for row in self.query(sql)}

    def _names(self, kind):
        fields, templates = ([part["name"] for part in kind[parts]] for parts in ("flds", "tmpls"))
        return [kind["name"], fields, templates, kind["css"]]

    def _config(self, key):
        if hasattr(self.col, "get_config"):
            return self.col.get_config(key)
        return self.col.conf.get(key)

    def pending(self):
        """How many rows wait for a sync."""
        counts = {name: self.query("select count() from %s where usn = -1" % name)[0][0] for name in STAMPED}
        return {name: count for name, count in counts.items() if count}

    def stamps(self):
        return dict(zip(["mod", "scm", "usn"], self.query("select mod, scm, usn from col")[0]))

    def check_database(self):
        problems, fine = self._fix()
        return {"fine": fine, "problems": problems}

    def _fix(self):
        return (getattr(self.col, "fix_integrity", None) or self.col.fixIntegrity)()

    def write_file(self, name, hex):
        file = self.media_folder / name
        if file.exists():
            file.unlink()
        file.write_bytes(bytes.fromhex(hex))
        self._date(file)

    def remove_file(self, name):
        (self.media_folder / name).unlink()
        self._date(self.media_folder)

    def files(self):
        return {file.name: file.read_bytes().hex() for file in self.media_folder.iterdir()}

    @property
    def media_folder(self):
        return Path(self.path).parent / "collection.media"

    def _date(self, *changed):
        """Clients look for changes by times in seconds: each change gets one of its own."""
        self.moment = max(getattr(self, "moment", 0), int(time.time())) + 1
        for path in [*changed, self.media_folder]:
            os.utime(path, (self.moment, self.moment))


STAMPED = ["notes", "cards", "revlog", "graves"]
CARDS = """select id, nid, did, ord, mod, type, queue, due, ivl, factor, reps, lapses, left, odue, odid, flags
  from cards"""


if __name__ == "__main__":
    obey(Client())
