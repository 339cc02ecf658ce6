"""Devices as a history plays them: hand-made ones for thousands of steps, and real ones.

Both have the same edits, all of them on rows whose ids the history chose.
"""

import http.client
import json

from anki.notetypes_pb2 import Notetype

import dump
import rows
from device import ClientError
from model import Model
from proxy import Proxy
from wire import Refused, Wire

OWN_CONFIG = "select key, val from config where key like 'history%'"
FAULTY = {"drop": "before", "drop reply": "after"}
NOTE_MOD, NOTE_FIELDS = rows.NOTE.index("mod"), rows.NOTE.index("flds")
CARD_MOD, CARD_REPS, CARD_FLAGS = (rows.CARD.index(name) for name in ("mod", "reps", "flags"))


class Cut(ConnectionError):
    """The connection was cut by the history."""


class FaultyWire(Wire):
    """A wire whose n-th request from now on is cut before or after the server worked."""

    fault = None

    def another(self, session=None):
        other = FaultyWire(self.url, self.key, session, self.timeout, self.keep)
        other.fault, self.fault = self.fault, None
        return other

    def send(self, *request, **more):
        number, moment, then = self.fault or (-1, None, None)
        if self.fault:
            self.fault = (number - 1, moment, then)
        if number == 0 and moment == "before":
            self._cut(then)
        reply = super().send(*request, **more)
        if number == 0:
            self._cut(then)
        return reply

    def _cut(self, then):
        if then is not None:
            then()
        raise Cut


class HandMade:
    """A hand-made device. `sync_steps` can be interleaved with those of others."""

    def __init__(self, url, user, contents):
        self.model = Model(FaultyWire(url).login(user), contents)

    def notes(self):
        return list(self.model.notes)

    def decks(self):
        return [id for id in self.model.decks if id != rows.DEFAULT_DECK]

    def add_note(self, id, mod):
        self.model.put("notes", rows.note(id, flds=f"{mod}\x1f", mod=mod))
        self.model.put("cards", rows.card(id, mod=mod, reps=mod))

    def edit_note(self, id, mod):
        self.model.change("notes", id, flds=f"{mod}\x1f", mod=mod)

    def study(self, id, review, mod):
        self.model.change("cards", id, reps=mod, mod=mod)
        self.model.put("revlog", rows.review(review, id))

    def flag(self, id, colour):
        self.model.change("cards", id, flags=colour)

    def card(self, id):
        row = self.model.cards[id]
        return row[CARD_MOD], row[CARD_FLAGS]

    def remove_note(self, id):
        self.model.remove("notes", id)
        self.model.remove("cards", id)

    def write_deck(self, id, mod):
        self.model.put_object("decks", rows.deck(id, f"deck {id} {mod}", mod))

    def remove_deck(self, id):
        self.model.remove("decks", id)

    def write_options(self, mod):
        self.model.put_object("options", rows.options(rows.DEFAULT_OPTIONS, f"options {mod}", mod))

    def write_notetype(self, mod):
        self.model.put_object("models", rows.notetype(mod=mod, css=str(mod)))
        return rows.BASIC

    def add_tag(self, name):
        self.model.add_tag(name)

    def set_config(self, key, value):
        self.model.set_config(key, value)

    def arm(self, number, fault, then=None):
        self.model.wire.fault = (number, FAULTY[fault], then)

    def disarm(self):
        self.model.wire.fault = None

    def sync_steps(self):
        """The sync step by step; ends with whether it went through. What is not excused is raised."""
        try:
            return (yield from self.model.steps())
        except Refused as refused:
            if refused.status != 409:
                raise
        except (OSError, http.client.HTTPException):
            pass
        return "failed"

    def state(self):
        model = self.model
        return {
            "notes": {id: (row[NOTE_MOD], row[NOTE_FIELDS]) for id, row in model.notes.items()},
            "cards": {id: (row[CARD_MOD], (row[CARD_REPS], row[CARD_FLAGS])) for id, row in model.cards.items()},
            "decks": {id: (deck["mod"], deck["name"]) for id, deck in model.decks.items()},
            "options": {id: (options["mod"], options["name"]) for id, options in model.options.items()},
            "models": {id: (notetype["mod"], notetype["css"]) for id, notetype in model.models.items()},
            "reviews": dict.fromkeys(model.revlog, True),
            "tags": dict.fromkeys(model.tags, True),
            "config": {key: value for key, value in model.config.items() if key.startswith("history")},
        }


class Real:
    """A real device behind a proxy of its own. Its sync is one step."""

    def __init__(self, url, device):
        self.proxy = Proxy(url)
        self.device = device
        device.set_url(self.proxy.url)

    def close(self):
        self.proxy.close()

    def notes(self):
        return [id for (id,) in self.device.query("select id from notes order by id")]

    def decks(self):
        return [id for (id,) in self.device.query("select id from decks where id != 1 order by id")]

    def add_note(self, id, mod):
        self.device.add_note(id, [str(mod), ""], mod=mod)
        self.device.set_card(id, mod, reps=mod)

    def edit_note(self, id, mod):
        self.device.edit_note(id, [str(mod), ""], mod=mod)

    def study(self, id, review, mod):
        self.device.set_card(id, mod, reps=mod)
        self.device.add_review(review, id)

    def flag(self, id, colour):
        self.device.flag(id, colour)

    def card(self, id):
        return tuple(self.device.query("select mod, flags from cards where id = ?", id)[0])

    def remove_note(self, id):
        self.device.remove_notes(id)

    def write_deck(self, id, mod):
        self.device.write_deck(id, f"deck {id} {mod}", mod)

    def remove_deck(self, id):
        self.device.remove_deck_by_id(id)

    def write_options(self, mod):
        self.device.edit_options_by_id(rows.DEFAULT_OPTIONS, mod, name=f"options {mod}")

    def write_notetype(self, mod):
        return self.device.edit_notetype("Basic", mod=mod, css=str(mod))

    def add_tag(self, name):
        self.device.register_tag(name)

    def set_config(self, key, value):
        self.device.set_config(key, value)

    def arm(self, number, fault, then=None):
        self.proxy.arm(number, fault, then)

    def disarm(self):
        self.proxy.disarm()

    def sync_steps(self):
        yield "sync"
        try:
            reply = self.device.sync()
        except ClientError as error:
            if "one copy" in error.message or error.kind == "NetworkError":
                return "failed"
            raise
        assert reply["required"] == "nothing", reply
        return "merged"

    def state(self):
        return state_of(self.device.query)


def state_of(rows):
    """The state of a collection file: what a player tells of itself."""
    return {
        "notes": {id: (mod, fields) for id, mod, fields in rows("select id, mod, flds from notes")},
        "cards": {id: (mod, (reps, flags)) for id, mod, reps, flags in rows("select id, mod, reps, flags from cards")},
        "decks": {id: (mod, name) for id, mod, name in rows("select id, mtime_secs, name from decks")},
        "options": {id: (mod, name) for id, mod, name in rows("select id, mtime_secs, name from deck_config")},
        "models": {
            id: (mod, dump.decoded(Notetype.Config, config).get("css", ""))
            for id, mod, config in rows("select id, mtime_secs, config from notetypes")
        },
        "reviews": {id: True for (id,) in rows("select id from revlog")},
        "tags": {tag: True for tag, _ in rows("select tag, usn from tags")},
        "config": {key: json.loads(bytes(value)) for key, value in rows(OWN_CONFIG)},
    }
