"""Counters and stamps (invariants.md B), by hand-made and by real devices."""

import time

import pytest

import files
import rows
from files import Opened
from hand import LATER, N1, N2, NEW, Hand, base
from wire import Refused
from world import NOTES

PAYLOAD_USN = [0, 5, -1, 999]
TABLES = ["notes", "cards", "revlog", "decks", "deck_config", "notetypes", "tags", "config", "graves"]


def send_with_usn(hand, usn):
    """New rows of every kind whose payload names this usn."""
    return hand.send(
        hand.counts(notes=1, cards=1, revlog=1, models=1, decks=1, options=1),
        notes=[rows.note(NEW, usn=usn)],
        cards=[rows.card(NEW, usn=usn)],
        revlog=[rows.review(NEW, NEW, usn=usn)],
        models=[rows.notetype(NEW, "New", usn=usn)],
        decks=[rows.deck(NEW, "New", usn=usn)],
        options=[rows.options(NEW, "New", usn=usn)],
        tags=["new"],
    )


@pytest.mark.official_is_wrong("it stores the usn of the payload")
@pytest.mark.parametrize("usn", PAYLOAD_USN)
def test_B1_every_row_carries_the_servers_usn_at_start(hand, usn):
    hand.send(hand.counts())
    at_start = hand.stamps()["usn"]
    send_with_usn(hand, usn)
    got = hand.receive(at_start)
    assert [row[0] for row in got["notes"]] == [NEW]
    assert got["notes"][0][rows.NOTE.index("usn")] == at_start
    assert got["cards"][0][rows.CARD.index("usn")] == at_start
    assert got["revlog"][0][rows.REVLOG.index("usn")] == at_start
    for objects in (got["models"], got["decks"][0], got["decks"][1]):
        assert [(o["id"], o["usn"]) for o in objects] == [(NEW, at_start)]
    assert got["tags"] == ["new"]
    assert hand.receive(at_start + 1)["notes"] == []


@pytest.mark.official_is_wrong("it stores the usn of the payload: a third device never gets the rows")
def test_B1_a_finish_between_meta_and_start_hides_nothing_from_third_devices(hand):
    a, b, c = hand.model(), hand.model(), hand.model()
    a.put("notes", rows.note(NEW))
    b.put("notes", rows.note(NEW + 1))
    steps = a.steps()
    assert next(steps) == "meta"
    assert next(steps) == "start"
    b.sync()
    c.sync()
    for _ in steps:
        pass
    c.sync()
    assert NEW in c.notes and NEW + 1 in c.notes


@pytest.mark.official_is_wrong("it stores usn -1; every later sanity check is bad")
@pytest.mark.parametrize("kind", ["note", "card", "review", "deck", "options", "notetype"])
def test_B2_no_stored_row_ever_has_a_negative_usn(hand, folder, kind):
    sent = {
        "note": dict(notes=[rows.note(NEW, usn=-1)]),
        "card": dict(cards=[rows.card(NEW, usn=-1)]),
        "review": dict(revlog=[rows.review(NEW, NEW, usn=-1)]),
        "deck": dict(decks=[rows.deck(NEW, "New", usn=-1)]),
        "options": dict(options=[rows.options(NEW, "New", usn=-1)]),
        "notetype": dict(models=[rows.notetype(NEW, "New", usn=-1)]),
    }[kind]
    more = {{"review": "revlog", "options": "options"}.get(kind, {"notetype": "models"}.get(kind, kind + "s")): 1}
    hand.send(hand.counts(**more), **sent)
    hand.send(hand.counts(**more))
    with Opened(hand.wire.download(), folder) as file:
        for table in TABLES:
            assert file.column(f"select count(*) from {table} where usn < 0") == [0], table


@pytest.mark.official_is_wrong("it counts downloads and what follows `bad`")
def test_B3_usn_grows_by_one_per_finished_sync_and_by_nothing_else(hand):
    first = hand.stamps()["usn"]
    for number in range(1, 4):
        hand.send(hand.counts())
        assert hand.stamps()["usn"] == first + number
    now = hand.stamps()
    hand.wire.download()
    hand.begin().call("abort")
    run = hand.run_to("applyChunk")
    assert run.sanity(hand.counts(notes=9))["status"] == "bad"
    run.call("finish")
    hand.begin()
    with pytest.raises(Refused):
        hand.other().start("not a number")
    assert hand.stamps() == now


@pytest.mark.official_is_wrong("it takes the clock alone")
def test_B4_mod_strictly_increases_at_every_finish(world, folder):
    """A collection from an hour ahead is the same as a server whose clock went back an hour."""
    ahead = int(time.time() * 1000) + 3_600_000
    hand = Hand(world, folder, base(mod=ahead, scm=ahead))
    last = ahead
    for _ in range(3):
        mod = hand.send(hand.counts())["mod"]
        assert mod > last
        assert hand.stamps()["mod"] == mod
        last = mod


def test_B5_after_a_sync_the_stamps_of_client_and_server_are_equal(world):
    a, b = world.pair()
    for number in range(3):
        a.edit_note(NOTES[0], ["front", str(number)])
        for device in (a, b):
            device.sync_normally()
            own, server = device.stamps(), world.wire().meta()
            assert (own["mod"], own["usn"], own["scm"]) == (server["mod"], server["usn"], server["scm"])
            assert own["ls"] == server["mod"]


def test_B6_a_second_sync_right_after_makes_no_change(world):
    a, b = world.pair()
    a.edit_note(NOTES[0], ["front", "changed"])
    a.sync_normally()
    before = a.stamps(), world.wire().meta()["usn"]
    a.sync_normally()
    assert (a.stamps(), world.wire().meta()["usn"]) == before
    assert a.status() == "nothing"


def test_B7_and_B8_scm_does_not_change_in_a_normal_sync(hand):
    before = hand.stamps()
    hand.run_to("finish")
    after = hand.stamps()
    assert after["scm"] == before["scm"] and after["mod"] > before["mod"]


@pytest.mark.ours
@pytest.mark.durable
def test_B7_a_restored_collection_has_a_new_scm_and_a_new_mod(hand, world):
    old = hand.stamps()
    hand.upload(base(usn=5, mod=old["mod"] + 5, scm=old["scm"] + 5))
    replaced = hand.stamps()
    kept = world.server.wait_until_kept(world.user)
    world.server.restore(world.user, kept["number"])
    restored = hand.stamps()
    assert restored["scm"] not in (old["scm"], replaced["scm"])
    assert restored["mod"] > replaced["mod"]


def test_B9_an_upload_takes_over_the_stamps_of_the_file(hand, folder):
    stamps = dict(crt=1_400_000_400, mod=1_700_000_000_123, scm=1_700_000_000_456, usn=77)
    hand.upload(base(**stamps))
    meta = hand.stamps()
    assert meta == {"mod": stamps["mod"], "scm": stamps["scm"], "usn": 77, "empty": False}
    with Opened(hand.wire.download(), folder) as file:
        assert file.column("select crt from col") == [stamps["crt"]]


def test_B9_the_uploading_device_has_nothing_to_do_next(world):
    a = world.starter()
    stamps, meta = a.stamps(), world.wire().meta()
    assert [meta[name] for name in ("mod", "scm", "usn")] == [stamps[name] for name in ("mod", "scm", "usn")]
    # A client asks for the time twice; where a millisecond passes between, it takes its own upload for a change.
    in_time = stamps["mod"] == stamps["ls"]
    assert a.status() == ("nothing" if in_time else "normal")
    if in_time:
        assert a.sync_normally().stamps() == stamps


@pytest.mark.official_is_wrong("a download moves usn and mod")
def test_B10_a_download_does_not_change_what_other_devices_see(world):
    a = world.starter()
    before, status = world.wire().meta(), a.status()
    world.device().begin()
    after = world.wire().meta()
    assert {**after, "ts": 0} == {**before, "ts": 0}
    assert a.status() == status


@pytest.mark.official_is_wrong("rows are missed in silence")
def test_B11_a_client_from_the_future_ends_in_a_full_sync(hand):
    """H-6: 400, and `scm` and `mod` move, so that the next `meta` leads to a full sync."""
    before = hand.stamps()
    run = hand.wire.another()
    start = {"minUsn": before["usn"] + 5, "lnewer": False, "graves": None}
    assert run.status("start", start) == 400
    after = hand.stamps()
    assert after["scm"] != before["scm"] and after["mod"] != before["mod"]
    assert set(hand.world.kept()["notes"]) >= {str(N1), str(N2)}


@pytest.mark.official_is_wrong("rows are missed in silence")
def test_B11_a_real_device_is_then_asked_for_a_full_sync(world, folder):
    a = world.starter()
    old = world.wire().download()
    for number in range(3):
        a.edit_note(NOTES[0], ["front", str(number)])
        a.sync_normally()
    scm = a.stamps()["scm"]
    with Opened(old, folder) as file:
        file.db.execute("update col set scm = ?, mod = mod - 1000", [scm])
        restored = file.db.serialize()
    assert world.wire().upload(restored) == "OK"
    with pytest.raises(Exception, match="(?i)check database"):
        a.sync()
    assert a.sync()["required"] == "full"


def test_B12_ts_is_seconds_within_one_second(hand):
    assert abs(hand.wire.meta()["ts"] - time.time()) <= 1.5


def test_mod_of_a_row_is_kept_as_sent(hand):
    hand.send(hand.counts(), notes=[rows.note(N1, mod=LATER, flds="a\x1fb")])
    with Opened(hand.wire.download(), hand.folder) as file:
        assert file.rows("select mod, flds from notes where id = ?", N1) == [[LATER, "a\x1fb"]]


def test_a_file_of_this_suite_is_a_sound_collection(folder):
    with Opened(files.make(folder, base()), folder) as file:
        assert file.column("pragma integrity_check") == ["ok"]
