"""A full disk: 5xx and never 4xx, nothing is lost, and no restart is needed once there is room."""

import os
import subprocess

import pytest

import files
import rows
from files import Contents
from hand import LATER, N1, NEW, Hand
from wire import VERSION, Refused

pytestmark = [pytest.mark.faults, pytest.mark.durable, pytest.mark.ours]


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 40 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(place)]
    done = subprocess.run(mount, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.fail(f"a small disk cannot be mounted (this test needs root): {done.stderr.strip()}", pytrace=False)
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture
def hand(make_server, engine, small_disk, worlds, folder):
    server = make_server(engine, DJANKISERV_DATA_ROOT=str(small_disk / "data")).start()
    yield Hand(worlds(server), folder)
    server.kill()


def fill(place, leave):
    """Takes all the room but `leave` bytes; the file that holds it."""
    ballast = place / "ballast"
    room = os.statvfs(place)
    with open(ballast, "wb") as file:
        file.write(b"\0" * max(0, room.f_bavail * room.f_frsize - leave))
    return ballast


def large(usn):
    notes = [rows.note(NEW + number, flds="x" * 400 + "\x1f") for number in range(8000)]
    return Contents(usn=usn, notes=notes, cards=[rows.card(row[0]) for row in notes])


def large_note():
    return rows.note(N1, mod=LATER, flds=os.urandom(3_000_000).hex() + "\x1f")


@pytest.mark.parametrize("leave", [0, 100_000, 2_000_000])
def test_A12_an_upload_to_a_full_disk_is_503_and_keeps_the_old_collection(hand, small_disk, folder, leave):
    body = files.make(folder, large(9))
    with hand.unchanged_once_freed(lambda: fill(small_disk, leave)):
        reply = hand.wire.call("upload", body)
        assert reply.status == 503 or (reply.status == 200 and "again" in reply.text), (reply.status, reply.text)
        assert "corrupt" not in reply.text.lower()
    assert hand.wire.upload(body) == "OK"


@pytest.mark.parametrize("leave", [0, 100_000, 2_000_000])
def test_a_sync_on_a_full_disk_is_5xx_and_keeps_the_old_collection(hand, small_disk, leave):
    with hand.unchanged_once_freed(lambda: fill(small_disk, leave)), pytest.raises(Refused) as refused:
        hand.send(hand.counts(), notes=[large_note()])
    assert refused.value.status >= 500
    hand.send(hand.counts(), notes=[large_note()])


@pytest.mark.parametrize("method", ["meta", "download", "hostKey", "start"])
def test_E15_no_call_blames_the_client_for_a_full_disk(hand, small_disk, method):
    user = hand.world.user
    payload = {"v": VERSION, "cv": "x", "u": user.name, "p": user.password, "minUsn": 1, "lnewer": True}
    ballast = fill(small_disk, 0)
    assert hand.wire.status(method, payload) in (200, 500, 503)
    ballast.unlink()
    assert hand.wire.status(method, payload) == 200
    assert len(hand.world.kept()["notes"]) == 3
