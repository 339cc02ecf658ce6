"""Real clients through real proxies, set up as docs/PROXIES.md says."""

import json
import random
import socket
import ssl
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import pytest

from fronts import FRONTS
from server import Djankiserv
from test_media import Folder
from test_media import agree as agree_on_media
from test_media import noise
from wire import compress
from world import FIRST, World

pytestmark = pytest.mark.ours
MIB = 1 << 20
LARGE = 2 * MIB  # more than nginx takes unless it is told to


class Fronted:
    """A server as those see it who reach it through a proxy."""

    def __init__(self, server, front):
        self.server, self.url = server, front.url

    def add_user(self):
        return self.server.add_user()


@pytest.fixture(scope="module")
def server(make_server):
    server = make_server("sqlite", Djankiserv, DJANKISERV_TRUSTED_PROXIES="127.0.0.1").start()
    yield server
    assert server.is_running(), server.log_tail()


PLACES = {"http": (False, False), "https below a path": (True, True)}


@pytest.fixture(scope="module", params=FRONTS)
def kind(request):
    return FRONTS[request.param]


@pytest.fixture(scope="module", params=PLACES)
def front(request, kind, server, authority, trusting):
    encrypted, below = PLACES[request.param]
    front = kind(server.port, authority if encrypted else None, below)
    yield front
    front.close()


@pytest.fixture
def world(server, front, trusting):
    world = World(Fronted(server, front), trusting)
    yield world
    world.close()


def text(size):
    """A text that does not compress well."""
    return "".join(random.Random(size).choices("abcdefghijklmnopqrstuvwxyz", k=size))


def test_real_clients_sync_collections_large_and_small(world):
    a = world.device()
    a.add_note(FIRST, ["large", text(2 * LARGE)])
    a.begin()
    b = world.device().begin()
    b.add_note(FIRST + 10, ["also large", text(LARGE)])
    a.edit_note(FIRST, ["smaller", "now"])
    world.agree(a, b)


def test_real_clients_sync_media(world):
    folders = [Folder(device) for device in world.pair()]
    folders[0].write("large.mp3", noise(1, LARGE))
    folders[1].write("small.png", b"small")
    assert len(agree_on_media(*folders)) == 2


def test_bodies_come_whole_in_chunks_or_with_a_length(world):
    world.starter()
    wire = world.wire()
    file = wire.download()
    for chunked in (True, False):
        reply = wire.send("/sync/upload", compress(file), wire.header(), chunked)
        assert (reply.status, reply.body) == (200, b"OK")


def test_an_old_clients_form_and_who_waits_for_leave(world, tmp_path):
    key = world.wire().key
    (tmp_path / "body").write_bytes(b"x" * LARGE)
    for way in (["--http1.1"], ["--http1.1", "-H", "Expect: 100-continue"], ["--http1.0", "--no-alpn"]):
        form = ["-F", f"data=@{tmp_path}/body", "-F", "c=0", "-F", f"k={key}"]
        words = ["curl", "-sS", "--max-time", "30", "-w", " %{http_code}", *way, *form, world.server.url + "sync/upload"]
        done = subprocess.run(words, capture_output=True, text=True)
        assert done.stdout.endswith(" 200"), done


def test_a_refusal_is_the_servers_own(world):
    reply = world.wire().send("/sync/meta", compress(b"{}"), json.dumps({"v": 11, "k": "wrong", "c": "x", "s": "x"}))
    assert reply.status == 403 and reply.text.startswith("403 ")


def test_the_log_and_the_limits_see_the_clients_own_address(world, server):
    wire = world.wire()
    wire.address = "127.0.0.7"
    assert wire.status("hostKey", {"u": world.user.name, "p": "wrong"}) == 403
    line = next(line for line in reversed(server.log_text().splitlines()) if "hostKey" in line and "403" in line)
    assert "from=127.0.0.7" in line


# What a server says slowly: told by one that the test holds the strings of


@contextmanager
def slow_server(*pieces, pause):
    """Answers each request with these pieces, `pause` seconds after one another."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                one, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=[one], daemon=True).start()

    def answer(one):
        with one, suppress(OSError):
            one.recv(65536)
            for piece in pieces:
                one.sendall(piece)
                time.sleep(pause)

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1]
    listener.close()


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_head_that_goes_ahead_and_a_part_of_a_body_are_passed_on_at_once(kind, encrypted, authority, trusting):
    head = b"HTTP/1.1 200 OK\r\nanki-original-size: 0\r\nTransfer-Encoding: chunked\r\n\r\n"
    with slow_server(head, b"1\r\na\r\n", b"1\r\nb\r\n0\r\n\r\n", pause=1.5) as port:
        front = kind(port, authority if encrypted else None)
        try:
            place = urlsplit(front.url)
            one = socket.create_connection((place.hostname, place.port), timeout=20)
            if encrypted:
                one = ssl.create_default_context().wrap_socket(one, server_hostname=place.hostname)
            start, seen = time.monotonic(), {}
            with one:
                one.sendall(f"GET /x HTTP/1.1\r\nHost: {place.netloc}\r\nConnection: close\r\n\r\n".encode())
                said = b""
                while piece := one.recv(65536):
                    said += piece
                    for part in (b"\r\n\r\n", b"\r\na\r\n", b"\r\nb\r\n"):
                        if part in said:
                            seen.setdefault(part, time.monotonic() - start)
            head, first, second = (seen[part] for part in (b"\r\n\r\n", b"\r\na\r\n", b"\r\nb\r\n"))
            assert head < 1 and 1 < first < 2.5 and second > 2.5, seen
        finally:
            front.close()
