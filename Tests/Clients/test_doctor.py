"""`djankiserv doctor` beside real devices: it complains of nothing that is well, and of everything that is not."""

import json
import sqlite3

import pytest

from device import together
from test_media import Folder
from world import FIRST, NOTES

pytestmark = pytest.mark.ours
# The database server of the tests does not wait for the disk (scripts/databases).
EXPECTED = {"innodb_flush_method = nosync: what was acknowledged can be lost with the power"}


def complaints(server, *words):
    """What is not as it should be; but for settings that only the tests have, and the room on their disk."""
    findings = json.loads(server.cli("doctor", "--json", *words, check=False).stdout)
    assert len(findings) > 8
    found = [one for one in findings if one["grade"] != "ok" and one["subject"] not in ("configuration", "disk")]
    return [one for one in found if one["message"] not in EXPECTED]


@pytest.mark.durable
@pytest.mark.parametrize("store", ["files", "rows"])
def test_doctor_complains_of_nothing_that_is_well(make_server, worlds, engine, store):
    server = make_server(engine, DJANKISERV_MEDIA_STORE=store).start()
    world = worlds(server)
    a, b = world.pair()
    a.answer(NOTES[1], 3)
    a.remove_notes(NOTES[2])
    world.agree(a, b)
    pictures = Folder(a)
    for number in range(30):
        pictures.write(f"{number}.jpg", bytes([number]) * 1000)
    pictures.sync()
    a.upload()
    assert complaints(server, "--recount") == []
    server.wait_until_kept(world.user)
    assert complaints(server, "--recount") == []

    def work():
        for number in range(8):
            a.add_note(FIRST + 5000 + 10 * number, [str(number), "x"])
            a.sync()
            pictures.write(f"more {number}.jpg", bytes([number]) * 500)
            pictures.sync()

    def look():
        return [complaints(server, "--recount") for _ in range(3)]

    assert together(work, look) == [None, [[], [], []]]
    server.stop()
    assert complaints(server, "--recount") == []
    assert complaints(server, world.user.name, "--recount", "--repair") == []


def test_doctor_sees_what_was_changed_behind_the_servers_back_and_counts_anew(make_server, worlds):
    """On SQLite, which anybody can do this to; HouseholdTests does it on every engine."""
    server = make_server("sqlite").start()
    world = worlds(server)
    a = world.starter()
    a.sync()
    (path,) = server.data_root.glob("users/*/*/collection-*.sqlite")
    with sqlite3.connect(path) as file:
        file.execute("DELETE FROM notes WHERE id = ?", [NOTES[0]])
    (found,) = complaints(server, "--recount")
    assert found["grade"] == "FAIL" and found["message"].startswith("counters that differ from the rows: notes ")
    complaints(server, "--recount", "--repair")
    assert complaints(server, "--recount") == []
