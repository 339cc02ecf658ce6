"""SIGKILL: at every request of a sync and at random moments of the work (invariants.md A2, A16)."""

import random
import threading
import time
from functools import partial

import pytest

import dump
import files
import rows
from device import ClientError
from files import Contents
from hand import LATER, NEW, Hand
from proxy import Proxy
from server import STORES
from test_cuts import METHODS, change_everything

pytestmark = [pytest.mark.faults, pytest.mark.durable]


@pytest.fixture(scope="module")
def mortal(make_server, engine):
    return make_server(engine)


@pytest.fixture
def victim(mortal):
    """A server that may be killed, and is alive again for the next test."""
    if not mortal.is_running():
        mortal.start()
    yield mortal
    if not mortal.is_running():
        mortal.start()
    assert mortal.leftovers() == [], "what a dead server had received lies about"


@pytest.fixture
def gate(victim):
    proxy = Proxy(victim.url)
    yield proxy
    proxy.close()


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("method", METHODS)
def test_A2_a_kill_at_any_request_leaves_the_collection_as_before_or_after(victim, gate, worlds, method, moment):
    world = worlds(victim)
    a, b = world.pair()
    before = b.dump()
    a.set_url(gate.url)
    change_everything(a)
    after = a.dump()
    gate.arm(METHODS.index(method), {"before": "drop", "after": "drop reply"}[moment], victim.kill)
    with pytest.raises(ClientError):
        a.sync()
    assert gate.fired()
    victim.start()
    finished = (method, moment) == ("finish", "after")
    assert dump.difference(world.kept(), after if finished else before) == []
    a.touch()  # a download makes the official server the newer side: its configuration would win
    assert dump.difference(world.agree(a, b), after) == []


def killed_after(victim, seconds, work):
    """Runs `work` and kills the server in the midst of it; what came of it."""
    outcome = []

    def attempt():
        try:
            outcome.append(work())
        except Exception as error:  # whatever the killed server made of it
            outcome.append(error)

    worker = threading.Thread(target=attempt)
    worker.start()
    time.sleep(seconds)
    victim.kill()
    worker.join()
    victim.start()
    return outcome[0]


def duration(work):
    begun = time.monotonic()
    assert not isinstance(work(), Exception)
    return time.monotonic() - begun


def big(version, count=8000):
    """A collection that tells its version in `scm` and in every note."""
    ids = range(NEW, NEW + count)
    contents = Contents(scm=version, notes=[rows.note(id, flds=f"{version}\x1f{id}") for id in ids])
    contents.cards = [rows.card(id) for id in ids]
    contents.revlog = [rows.review(id, id) for id in ids]
    return contents


def test_A16_a_kill_during_an_upload_leaves_the_old_or_the_new_collection(victim, worlds, folder):
    hand = Hand(worlds(victim), folder, big(1))
    uploads = {version: files.make(folder, big(version)) for version in range(2, 14)}
    usual = duration(lambda: hand.wire.upload(uploads[2]))
    chance = random.Random(1)
    current = 2
    for version in range(3, 14):
        answer = killed_after(victim, chance.uniform(0, usual * 1.1), partial(hand.wire.upload, uploads[version]))
        now = hand.stamps()["scm"]
        assert now in ((version,) if answer == "OK" else (current, version)), answer
        current = now
        with files.Opened(hand.wire.download(), folder) as file:
            versions = file.column("select distinct substr(flds, 1, instr(flds, char(31)) - 1) from notes")
            assert versions == [str(current)]
            sizes = file.rows("select (select count(*) from notes), (select count(*) from cards), count(*) from revlog")
            assert sizes == [[8000, 8000, 8000]]
        assert victim.leftovers() == []


def test_A16_a_kill_right_after_OK_keeps_the_new_collection(victim, worlds, folder):
    hand = Hand(worlds(victim), folder)
    for version in range(20, 25):
        assert hand.upload(big(version, 500)) == "OK"
        victim.kill()
        victim.start()
        assert hand.stamps()["scm"] == version
        assert len(hand.world.kept()["notes"]) == 500


def test_A2_a_kill_at_any_moment_of_a_large_sync_leaves_before_or_after(victim, worlds, folder):
    hand = Hand(worlds(victim), folder, big(1, 3000))
    model = hand.model()
    chance = random.Random(2)

    def change_all(round):
        for id in list(model.notes):
            model.change("notes", id, flds=f"round {round}\x1f", mod=LATER + round)
            model.change("cards", id, due=round, mod=LATER + round)

    change_all(0)
    usual = duration(model.sync)
    for round in range(1, 9):
        before = hand.stamps()["usn"]
        change_all(round)
        # The last step, the only one that lasts, deserves most of the kills.
        moment = usual * chance.choice([chance.uniform(0, 1.1), chance.uniform(0.8, 1.05)])
        answer = killed_after(victim, moment, model.sync)
        now = hand.stamps()["usn"]
        assert now - before in ((1,) if answer == "merged" else (0, 1)), answer
        with files.Opened(hand.wire.download(), folder) as file:
            versions = file.rows("select distinct due from cards"), file.rows("select distinct flds from notes")
        expected = round if now > before else round - 1
        assert versions == ([[expected]], [[f"round {expected}\x1f"]])
        model.sync()
        assert model.sync() == "nothing"


@pytest.mark.official_is_wrong("a download moves usn and mod")
def test_a_kill_during_a_download_harms_nothing(victim, worlds, folder):
    hand = Hand(worlds(victim), folder, big(1))
    usual = duration(hand.wire.download)
    stamps = hand.stamps()
    chance = random.Random(3)
    for _ in range(4):
        killed_after(victim, chance.uniform(0, usual), hand.wire.download)
        assert hand.stamps() == stamps
        assert victim.leftovers() == []
    assert len(hand.world.kept()["notes"]) == 8000


@pytest.mark.ours
@pytest.mark.parametrize("store", STORES)
def test_a_kill_during_a_restore_leaves_the_replaced_or_the_restored_collection(
    make_server, engine, worlds, folder, store
):
    victim = make_server(engine, DJANKISERV_MEDIA_STORE=store).start()
    hand = Hand(worlds(victim), folder, big(1))
    assert hand.upload(big(2)) == "OK"
    user = hand.world.user
    kept = victim.wait_until_kept(user)["number"]
    chance = random.Random(4)
    for _ in range(3):
        restoring = threading.Thread(target=lambda: victim.cli("restore", user.name, str(kept), "--yes", check=False))
        restoring.start()
        time.sleep(chance.uniform(0.05, 0.5))
        victim.kill()
        restoring.join()
        victim.start()
        assert len(hand.world.kept()["notes"]) == 8000
        assert [g["state"] for g in victim.generations(user)].count("current") == 1
    victim.kill()


@pytest.mark.ours
def test_a_polite_stop_ends_with_0(victim):
    assert victim.stop() == 0
