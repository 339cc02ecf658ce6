"""What a person does on a device. Runs inside the worker, on `self.col`.

Notes get their ids from the test, and their cards get `id + ord`, so that two runs of one story
hold the same rows. `mod` gives a row a time of its own; without it the clock decides.
"""

import time

from anki.collection import AddNoteRequest
from anki.consts import CARD_TYPE_NEW
from anki.scheduler_pb2 import CardAnswer

# A new note has the id of the moment; its guid says which one the test wants.
RENUMBER = [
    """update cards set (id, nid) = (select substr(guid, 5) + cards.ord, substr(guid, 5) + 0 from notes
      where notes.id = cards.nid) where nid in (select id from notes where guid != 'guid' || id)""",
    "update notes set id = substr(guid, 5) + 0 where guid != 'guid' || id",
]


class Edits:
    # notes

    def add_note(self, id, fields, deck="Default", notetype="Basic", tags=(), mod=None):
        self._add([self._new_note(id, fields, notetype, tags)], deck)
        self._stamp("notes", id, mod)
        self._stamp("cards", id, mod)

    def add_notes(self, first, count, deck="Default"):
        ids = range(first, first + count * 10, 10)
        self._add([self._new_note(id, [f"front {id}", f"back {id}"], "Basic", []) for id in ids], deck)

    def _new_note(self, id, fields, notetype, tags):
        note = self.col.new_note(self._notetype(notetype))
        note.guid = f"guid{id}"
        note.fields = list(fields)
        note.tags = list(tags)
        return note

    def _add(self, notes, deck):
        deck_id = self.col.decks.id(deck)
        self.col.add_notes([AddNoteRequest(note, deck_id) for note in notes])
        for statement in RENUMBER:
            self.col.db.execute(statement)
        self.touch()

    def edit_note(self, id, fields, mod=None):
        note = self.col.get_note(id)
        note.fields = list(fields)
        self.col.update_note(note)
        self._stamp("notes", id, mod)

    def set_tags(self, id, tags):
        note = self.col.get_note(id)
        note.tags = list(tags)
        self.col.update_note(note)

    def remove_notes(self, *ids):
        self.col.remove_notes(list(ids))

    def change_notetype(self, id, notetype):
        old = self.col.get_note(id).note_type()
        new = self._notetype(notetype)
        fields = {ord: ord for ord in range(len(old["flds"]))}
        self.col.models.change(old, [id], new, fields, {0: 0})

    # cards

    def answer(self, card, ease):
        states = self.col._backend.get_scheduling_states(card)
        chosen = [states.again, states.hard, states.good, states.easy][ease - 1]
        answer = CardAnswer(
            card_id=card,
            current_state=states.current,
            new_state=chosen,
            rating=ease - 1,
            answered_at_millis=int(time.time() * 1000),
            milliseconds_taken=1000,
        )
        time.sleep(0.002)  # the id of a review is its millisecond
        self.col._backend.answer_card(answer)

    def add_review(self, id, card, ease=3):
        self.execute("insert into revlog values (?, ?, -1, ?, 1, -600, 2500, 1000, 1)", id, card, ease)

    def flag(self, card, colour):
        self.col.set_user_flag_for_cards(colour, [card])

    def suspend(self, *cards):
        self.col.sched.suspend_cards(list(cards))

    def bury(self, *cards):
        self.col.sched.bury_cards(list(cards))

    def move_cards(self, deck, *cards):
        self.col.set_deck(list(cards), self.col.decks.id(deck))

    def set_due(self, days, *cards):
        self.col.sched.set_due_date(list(cards), days)

    def reposition(self, start, *cards):
        new = [card for card in cards if self.col.get_card(card).type == CARD_TYPE_NEW]
        self.col.sched.reposition_new_cards(new, start, 1, False, False)

    def set_card(self, card, mod, **columns):
        """Columns of a card directly, with a time of its own."""
        values = {**columns, "mod": mod, "usn": -1}
        names = ", ".join(f"{name} = ?" for name in values)
        self.execute(f"update cards set {names} where id = ?", *values.values(), card)

    # decks

    def add_deck(self, name):
        self.col.decks.id(name)
        time.sleep(0.002)  # the id of a deck is its millisecond

    def rename_deck(self, name, to):
        self.col.decks.rename(self.col.decks.by_name(name), to)

    def remove_deck(self, name):
        self.col.decks.remove([self.col.decks.id_for_name(name)])

    def edit_deck(self, name, /, mod=None, **keys):
        deck = self.col.decks.by_name(name)
        deck.update(keys)
        self.col.decks.save(deck)
        self._stamp("decks", deck["id"], mod)

    def write_deck(self, id, name, mod):
        """A deck with this id, new or renamed."""
        deck = self.col.decks.get(id, default=False)
        if deck is None:
            self.execute("update decks set id = ? where id = ?", id, self.col.decks.id(name))
        else:
            deck["name"] = name
            self.col.decks.save(deck)
        self._stamp("decks", id, mod)

    def remove_deck_by_id(self, id):
        self.col.decks.remove([id])

    def add_filtered_deck(self, name, search):
        deck = self.col.decks.get(self.col.decks.new_filtered(name))
        deck["terms"] = [[search, 100, 5]]  # in the order of adding
        deck["resched"] = True
        self.col.decks.save(deck)
        self.rebuild_filtered_deck(name)

    def rebuild_filtered_deck(self, name):
        self.col.sched.rebuild_filtered_deck(self.col.decks.id_for_name(name))

    def empty_filtered_deck(self, name):
        self.col.sched.empty_filtered_deck(self.col.decks.id_for_name(name))

    # deck options

    def add_options(self, name):
        self.col.decks.add_config(name)
        time.sleep(0.002)

    def edit_options(self, name, /, mod=None, **keys):
        self.edit_options_by_id(self._options(name)["id"], mod, **keys)

    def edit_options_by_id(self, id, mod=None, **keys):
        options = self.col.decks.get_config(id)
        options.update(keys)
        self.col.decks.update_config(options)
        self._stamp("deck_config", id, mod)

    def use_options(self, deck, name):
        self.col.decks.set_config_id_for_deck_dict(self.col.decks.by_name(deck), self._options(name)["id"])

    def remove_options(self, name):
        self.col.decks.remove_config(self._options(name)["id"])

    def _options(self, name):
        return next(options for options in self.col.decks.all_config() if options["name"] == name)

    # notetypes

    def _notetype(self, name):
        found = self.col.models.by_name(name)
        if found is None:
            raise KeyError(f"no notetype {name}")
        return found

    def add_notetype(self, name, *fields):
        models = self.col.models
        notetype = models.new(name)
        for field in fields:
            models.add_field(notetype, models.new_field(field))
        template = models.new_template("Card 1")
        template["qfmt"], template["afmt"] = "{{%s}}" % fields[0], "{{FrontSide}}"
        models.add_template(notetype, template)
        models.add_dict(notetype)
        time.sleep(0.002)

    def edit_notetype(self, name, /, mod=None, **keys):
        notetype = self._notetype(name)
        notetype.update(keys)
        self.col.models.update_dict(notetype)
        self._stamp("notetypes", notetype["id"], mod)
        return notetype["id"]

    def edit_template(self, notetype, **keys):
        found = self._notetype(notetype)
        found["tmpls"][0].update(keys)
        self.col.models.update_dict(found)

    def edit_field(self, notetype, **keys):
        found = self._notetype(notetype)
        found["flds"][0].update(keys)
        self.col.models.update_dict(found)

    def add_field(self, notetype, name):
        """A change of the schema: only a full sync can follow."""
        found = self._notetype(notetype)
        self.col.models.add_field(found, self.col.models.new_field(name))
        self.col.models.update_dict(found)

    def remove_notetype(self, name):
        self.col.models.remove(self._notetype(name)["id"])

    # tags and configuration

    def register_tag(self, name):
        """A tag in the list that no note has."""
        self.execute("insert or ignore into tags (tag, usn, collapsed) values (?, -1, 1)", name)

    def add_tags(self, tags, *notes):
        self.col.tags.bulk_add(list(notes), tags)

    def rename_tag(self, old, new):
        self.col.tags.rename(old, new)

    def remove_tag(self, name):
        self.col.tags.remove(name)

    def set_config(self, key, value):
        self.col.set_config(key, value)

    def remove_config(self, key):
        self.col.remove_config(key)

    # the stamps of rows

    def _stamp(self, table, id, mod):
        if mod is None:
            return
        column = "mod" if table in ("notes", "cards") else "mtime_secs"
        self.col.db.execute(f"update {table} set {column} = ? where id = ?", mod, id)
        self.col.models._clear_cache()
        self.touch()
