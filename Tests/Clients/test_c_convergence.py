"""Conflicts between real devices, and what all of them end with (invariants.md C)."""

import json
import time

import pytest

import rows
from files import Contents, Opened
from hand import LATER, N1, NEW, OTHER_DECK, Hand, base
from world import FIRST, NOTES

T = int(time.time()) + 600  # later than anything that a device stamps by its clock
WRONG_TIES = pytest.mark.official_is_wrong("equal mod: the versions stay apart or swap sides")
WRONG_SKEW = pytest.mark.official_is_wrong("an older mod never applies")


class Conflict:
    """One object that two devices change: what is set on it and how it is read."""

    def __init__(self, change, read):
        self.change = change
        self.read = read


CONFLICTS = {
    "note": Conflict(
        lambda d, value, mod: d.edit_note(NOTES[0], [value, "x"], mod=mod),
        lambda kept: kept["notes"][str(NOTES[0])][4].split("\x1f")[0],
    ),
    "card": Conflict(
        lambda d, value, mod: d.set_card(NOTES[0], mod, reps={"a": 1, "b": 2}[value]),
        lambda kept: {1: "a", 2: "b"}[kept["cards"][str(NOTES[0])][9]],
    ),
    "deck": Conflict(
        lambda d, value, mod: d.edit_deck("Top", desc=value, mod=mod),
        lambda kept: next(deck[3]["normal"]["description"] for deck in kept["decks"].values() if deck[0] == "Top"),
    ),
    "options": Conflict(
        lambda d, value, mod: d.edit_options("My options", maxTaken=30 + ord(value), mod=mod),
        lambda kept: chr(one_of(kept["deck_config"], "My options")["cap_answer_time_to_secs"] - 30),
    ),
    "notetype": Conflict(
        lambda d, value, mod: d.edit_notetype("Basic", css=value, mod=mod),
        lambda kept: one_of(kept["notetypes"], "Basic")["css"],
    ),
}


def one_of(objects, name):
    return next(config for own, _, config in objects.values() if own == name)


@pytest.mark.parametrize("first", ["a", "b"])
@pytest.mark.parametrize("name", CONFLICTS)
def test_C2_the_later_mod_wins_everywhere_in_both_orders_of_syncing(compare, name, first):
    conflict = CONFLICTS[name]

    def story(world):
        a, b = world.pair()
        conflict.change(a, "a", T)
        conflict.change(b, "b", T + 60)
        devices = (a, b) if first == "a" else (b, a)
        outcome = world.outcome(*devices)
        assert conflict.read(a.dump()) == "b"
        return outcome

    compare(story)


@WRONG_TIES
@pytest.mark.parametrize("first", ["a", "b"])
@pytest.mark.parametrize("name", CONFLICTS)
def test_C3_and_C4_equal_mod_all_end_with_the_same_version(world, name, first):
    a, b = world.pair()
    CONFLICTS[name].change(a, "a", T)
    CONFLICTS[name].change(b, "b", T)
    kept = world.agree(*((a, b) if first == "a" else (b, a)))
    assert CONFLICTS[name].read(kept) in ("a", "b")


@WRONG_TIES
def test_C3_two_flags_on_one_card_end_as_one(world):
    a, b = world.pair()
    a.flag(NOTES[0], 1)
    b.flag(NOTES[0], 2)
    kept = world.agree(a, b)
    assert kept["cards"][str(NOTES[0])][14] in (1, 2)


def test_C5_flags_only_reach_all_devices(compare):
    def story(world):
        a, b, c = world.trio()
        for number, id in enumerate(NOTES, 1):
            a.flag(id, number)
        return world.outcome(a, b, c)

    compare(story)


SKEWED = ["note", "card", *(pytest.param(name, marks=WRONG_SKEW) for name in ("deck", "options", "notetype"))]


@pytest.mark.parametrize("name", SKEWED)
def test_C6_an_older_mod_from_a_client_that_has_seen_the_row_applies(world, name):
    a, b = world.pair()
    CONFLICTS[name].change(a, "a", T + 3600)
    world.agree(a, b)
    CONFLICTS[name].change(b, "b", T)
    b.sync_normally()
    a.sync_normally()
    assert CONFLICTS[name].read(a.dump()) == "b"
    assert CONFLICTS[name].read(world.kept()) == "b"


@pytest.mark.parametrize("first", ["deleter", "editor"])
def test_C7_deletion_wins_over_a_concurrent_edit(compare, first):
    def story(world):
        deleter, editor, third = world.trio()
        deleter.remove_notes(NOTES[0])
        deleter.remove_deck("Top")
        editor.edit_note(NOTES[0], ["edited", "later"], mod=T)
        editor.answer(NOTES[0], 3)
        editor.flag(NOTES[2], 3)
        order = (deleter, editor, third) if first == "deleter" else (editor, deleter, third)
        outcome = world.outcome(*order)
        assert str(NOTES[0]) not in outcome["notes"] and "Top" not in outcome["decks"]
        return outcome

    compare(story)


@pytest.mark.official_is_wrong("row and grave stay side by side")
def test_C8_no_id_is_both_row_and_grave_on_the_server(hand):
    hand.send(hand.counts(notes=-1, cards=-1), graves=dict(notes=[N1], cards=[N1]))
    hand.send(hand.counts(), notes=[rows.note(N1, mod=LATER)], cards=[rows.card(N1, mod=LATER)])
    got = hand.receive(0)
    assert N1 in [row[0] for row in got["notes"]] and N1 in [row[0] for row in got["cards"]]
    assert N1 not in got["graves"]["notes"] + got["graves"]["cards"]


def test_C8_all_devices_agree_whether_a_row_exists(compare):
    def story(world):
        a, b, c = world.trio()
        a.remove_notes(NOTES[0])
        b.edit_note(NOTES[0], ["b", "b"])
        c.set_tags(NOTES[0], ["c"])
        c.remove_notes(NOTES[1])
        b.remove_notes(NOTES[1])
        return world.outcome(b, a, c)

    compare(story)


@pytest.mark.official_is_wrong("the grave keeps its old usn: the other device keeps the row")
def test_C9_delete_restore_and_delete_again_is_propagated(hand):
    a, b = hand.model(), hand.model()
    note = a.notes[N1]

    def both():
        for device in (a, b, a):
            device.sync()
        assert a.shown() == b.shown()

    a.remove("notes", N1)
    both()
    a.put("notes", rows.changed(note, rows.NOTE, mod=LATER))
    both()
    assert N1 in b.notes
    a.remove("notes", N1)
    both()
    assert N1 not in b.notes


def test_C9_a_deletion_undone_before_any_sync_leaves_the_note(compare):
    def story(world):
        a, b = world.pair()
        a.remove_notes(NOTES[0])
        a.undo()
        outcome = world.outcome(a, b)
        assert str(NOTES[0]) in outcome["notes"]
        return outcome

    compare(story)


@pytest.mark.parametrize("kind", ["decks", "notetypes"])
def test_C11_objects_of_the_same_name_are_both_kept(world, kind):
    a, b = world.pair()
    for device, mark in ((a, "a"), (b, "b")):
        if kind == "decks":
            device.add_deck("Same")
            device.edit_deck("Same", desc=mark)
        else:
            device.add_notetype("Same", "Front " + mark)
    for device in (a, b, a, b):
        device.sync_normally()
    for state in (a.dump(), b.dump(), world.kept()):
        same = {id: value[0] for id, value in state[kind].items() if value[0].startswith("Same")}
        assert len(same) == 2 and len(set(same.values())) == 2
        assert set(same.values()) <= {"Same", "Same+", "Same++"}
    assert a.dump()[kind].keys() == b.dump()[kind].keys() == world.kept()[kind].keys()


def test_C12_the_whole_configuration_of_the_newer_side_wins(compare):
    def story(world):
        a, b = world.pair()
        a.set_config("shared", 1)
        a.set_config("removed", 1)
        world.agree(a, b)
        b.set_config("shared", "changed by b")
        b.set_config("only b", 1)
        a.remove_config("removed")
        a.set_config("only a", 1)
        outcome = world.outcome(a, b)
        return outcome

    compare(story)


def test_C13_tags_do_not_ping_pong(world, proxied):
    a, b = world.starter(), world.device().begin()
    a.set_tags(NOTES[0], ["Shared", "x::Y"])
    b.set_tags(NOTES[1], ["sHARED", "X::y"])
    for device in (a, b, a, b):
        device.sync_normally()
    for device in (a, b):
        device.set_url(proxied.url)
        device.set_config("round", device.stamps()["mod"])
        device.sync_normally()
    exchanges = [exchange for exchange in proxied.log if exchange.method == "applyChanges"]
    assert len(exchanges) == 2
    for exchange in exchanges:
        assert json.loads(exchange.sent)["changes"]["tags"] == []
        assert json.loads(exchange.received)["tags"] == []


def test_C14_the_server_does_not_echo(world, proxied):
    a = world.starter()
    a.set_url(proxied.url)
    a.add_notes(FIRST + 1000, 300)
    a.add_deck("Echo")
    a.add_notetype("Echo", "Front")
    a.add_tags("echo", *NOTES)
    a.sync_normally()
    (changes,) = [json.loads(e.received) for e in proxied.log if e.method == "applyChanges"]
    assert (changes["models"], changes["decks"], changes["tags"]) == ([], [[], []], [])
    chunks = [json.loads(e.received) for e in proxied.log if e.method == "chunk"]
    assert chunks and all(set(chunk) <= {"done"} or not any(chunk.get(t) for t in rows_of(chunk)) for chunk in chunks)


def rows_of(chunk):
    return [key for key in chunk if key != "done"]


BURIED = [(-2, 0, 5, 0), (-3, 0, 5, 0), (-2, 2, 40, 2), (-3, 1, 1_700_000_000, 1), (-2, 3, 40, 3), (-1, 0, 5, -1)]


@pytest.mark.parametrize("queue, type, due, expected", BURIED)
def test_C15_buried_cards_come_back_at_the_first_sync_of_a_day(world, folder, queue, type, due, expected):
    contents = base(usn=3)
    contents.cards.append(rows.card(NEW, N1, ord=1, queue=queue, type=type, due=due))
    contents.config["lastUnburied"] = 1
    hand = Hand(world, folder, contents)
    hand.send(hand.counts(cards=0))
    with Opened(hand.wire.download(), folder) as file:
        assert file.rows("select queue, type, due, mod from cards where id = ?", NEW) == [
            [expected, type, due, rows.LONG_AGO]
        ]
    assert hand.receive()["cards"] == [], "unburying is no change that travels"


def test_C15_cards_buried_today_stay_buried(compare):
    def story(world):
        a, b = world.pair()
        a.sync_normally()
        a.bury(NOTES[0])
        return world.outcome(a, b)

    compare(story)


def test_C17_three_devices_with_edits_of_many_kinds(compare):
    def story(world):
        a, b, c = world.trio()
        a.add_note(FIRST + 1000, ["by a", "x"], tags=["from-a"])
        a.answer(NOTES[0], 3)
        b.edit_note(NOTES[1], ["by b", "y"])
        b.add_deck("Deck of B::Child")
        c.flag(NOTES[2], 5)
        c.remove_notes(NOTES[0])
        c.edit_options("My options", maxTaken=11)
        return world.outcome(a, b, c)

    compare(story)


def test_a_deck_of_another_device_takes_the_cards_moved_into_it(hand):
    a, b = hand.model(), hand.model()
    a.put_object("decks", rows.deck(NEW, "Fresh", LATER))
    a.change("cards", N1, did=NEW, mod=LATER)
    b.put_object("decks", rows.deck(OTHER_DECK, "Other", LATER, desc="x"))
    a.sync()
    b.sync()
    a.sync()
    assert a.shown() == b.shown()
    assert b.cards[N1][2] == NEW
    assert Contents().decks.keys() < b.decks.keys()
