"""Everything moves to another engine: the devices do not notice (`djankiserv storage copy`)."""

import os
import subprocess

import pytest

import dump
from test_media import Folder, agree, noise
from world import FIRST

pytestmark = [pytest.mark.ours, pytest.mark.durable]


def copy_once(new, command, settings):
    done = subprocess.run(command, env=settings, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def copy_with_kills(new, command, settings):
    """Kills the copy after longer and longer times, until one is faster; what that says."""
    for kills in range(100):
        copying = subprocess.Popen(command, env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            out, errors = copying.communicate(timeout=0.02 + 0.03 * kills)
        except subprocess.TimeoutExpired:
            copying.kill()
            copying.communicate()
        else:
            assert copying.returncode == 0, errors
            assert kills > 3
            return out
        found = new.cli("lsuser", check=False)
        assert found.stdout == "" or "copied" in copy_once(new, command, settings), "usable before it was complete"
    raise AssertionError("a copy that never ends")


@pytest.fixture
def move(make_server):
    """Moves a stopped server to another engine; the new server, which listens at the old address."""

    def move(old, engine, copy=copy_once, **settings):
        new = make_server(engine, **settings)
        new.port, new.url = old.port, old.url
        address = new.database.get("DJANKISERV_USERDB_URL")
        target = {"DJANKISERV_TO_DATA_ROOT": str(new.data_root)}
        target |= {name.replace("DJANKISERV_", "DJANKISERV_TO_", 1): value for name, value in settings.items()}
        target |= {"DJANKISERV_TO_USERDB_URL": address} if address else {"DJANKISERV_TO_USERDB_ENGINE": engine}
        said = copy(new, [old.binary, "storage", "copy"], {**os.environ, **old.environment(), **target})
        assert "copied and compared" in said
        return new.start()

    return move


def other_engines(engine):
    """Two more stations: other engines where the run has them."""
    known = [name for name in os.environ.get("ENGINES", "sqlite").split(",") if name not in ("", "memory")]
    at = known.index(engine)
    return [known[(at + 1) % len(known)], known[(at + 2) % len(known)]]


def test_devices_do_not_notice_that_everything_moved(own_server, worlds, move, engine):
    world = worlds(own_server)
    a, b = world.pair()
    original = a.dump()
    files = [Folder(a), Folder(b)]
    files[0].write("a picture.png", noise(1, 3 << 20))
    files[1].write("ein bißchen.mp3", noise(2, 1000))
    media = agree(*files)
    lost = world.device()
    lost.add_note(FIRST + 900, ["a nearly", "empty collection"])
    assert lost.sync()["required"] == "full"
    lost.upload()
    kept = own_server.wait_until_kept(world.user)
    for device in (a, b):
        assert device.sync()["required"] == "full"
        device.download()
    others = worlds(own_server)
    c = others.starter()
    server = own_server
    for station, (name, store) in enumerate(zip(other_engines(engine), ["rows", "files"])):
        assert server.stop() == 0
        server = move(server, name, DJANKISERV_MEDIA_STORE=store)
        world.server = others.server = server
        assert agree(*files) == media
        for number, device in enumerate((a, b, lost)):
            device.add_note(FIRST + 1000 + 100 * station + 10 * number, ["after the move", name])
        files[1].write(f"{station}.jpg", noise(station, 50))
        media = agree(*files)
        world.agree(a, b, lost)
        others.agree(c)
        assert "all as they should be" in server.cli("media", "check", "--all").stdout
        late = world.device().begin()
        assert dump.difference(late.dump(), a.dump()) == []
    server.restore(world.user, kept["number"])
    for device in (a, b, lost):
        assert device.sync()["required"] == "full"
        device.download()
    restored = world.agree(a, b, lost)
    assert restored["notes"] == original["notes"] and restored["cards"] == original["cards"]
    numbers = [one["number"] for one in server.generations(world.user)]
    assert len(set(numbers)) == len(numbers) and max(numbers) > kept["number"] + 1


def test_a_copy_beside_a_server_is_refused(own_server, worlds, engine):
    worlds(own_server).starter()
    done = own_server.cli("storage", "copy", "--to", "postgres://nobody@127.0.0.1:1/x", check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "stop it first" in done.stderr


@pytest.mark.faults
def test_a_copy_that_is_killed_again_and_again_ends_complete(own_server, worlds, move, engine):
    world = worlds(own_server)
    a = world.starter()
    a.add_notes(FIRST + 10_000, 3000)
    a.sync_normally()
    files = Folder(a)
    for number in range(40):
        files.write(f"{number}.jpg", noise(number, 30_000))
    files.sync()
    assert own_server.stop() == 0
    world.server = move(own_server, other_engines(engine)[0], copy_with_kills, DJANKISERV_MEDIA_STORE="rows")
    a.add_note(FIRST + 5, ["after", "the move"])
    world.agree(a)
    agree(files, Folder(world.device().begin()))
