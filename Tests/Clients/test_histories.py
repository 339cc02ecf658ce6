"""Random histories (invariants.md C1): short ones here, long ones with `python histories.py`."""

import pytest

import histories
from ledger import Ledger

pytestmark = pytest.mark.faults

WRONG = pytest.mark.official_is_wrong("ties, and finishes between meta and start, tear devices apart", sometimes=True)


@WRONG
def test_C1_hand_made_devices_keep_the_rules(server):
    for seed in range(1, 7):
        histories.play(server, seed, steps=300, devices=2 + seed % 2)


@WRONG
def test_C1_cut_connections_change_nothing_of_that(server):
    for seed in range(100, 105):
        histories.play(server, seed, steps=250, devices=3, faults=["cut"])


@WRONG
@pytest.mark.durable
def test_C1_killed_servers_change_nothing_of_that(own_server):
    for seed in range(200, 204):
        histories.play(own_server, seed, steps=120, devices=3, faults=["cut", "kill"])
    assert own_server.leftovers() == []


def test_C1_real_devices_keep_the_rules(server, devices):
    for seed in (300, 301, 302):
        histories.play_real(server, devices, seed, steps=45, devices=2, faults=["cut"])


@pytest.mark.parametrize(
    "state, complaint",
    [
        ({"notes": {1: (5, "a")}}, None),
        ({"notes": {1: (4, "old")}}, "newest"),
        ({"notes": {1: (5, "other")}}, "newest"),
        ({"notes": {}}, "missing"),
        ({"notes": {1: (5, "a"), 2: (3, "b")}}, "deleted"),
        ({"notes": {1: (5, "a")}, "reviews": {}}, "reviews"),
        ({"notes": {1: (5, "a")}, "tags": {}}, "tags"),
    ],
)
def test_the_ledger_sees_what_breaks_the_rules(state, complaint):
    ledger = Ledger()
    ledger.wrote("notes", 1, 4, "old")
    ledger.wrote("notes", 1, 5, "a")
    ledger.wrote("notes", 2, 3, "b")
    ledger.remove("notes", 2)
    ledger.reviews.add(7)
    ledger.tags.add("t")
    found = ledger.complaints({"reviews": {7: True}, "tags": {"t": True}, **state})
    assert (complaint is None) == (found == [])
    assert complaint is None or complaint in found[0]


@pytest.mark.ours
@pytest.mark.parametrize("seed", [1, 2])
def test_a_history_is_made_by_its_seed_alone(server, seed):
    assert histories.play(server, seed, steps=60) == histories.play(server, seed, steps=60)
