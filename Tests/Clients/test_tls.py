"""The server's own TLS, with real clients, curl and Python's own."""

import contextlib
import json
import shutil
import signal
import socket
import ssl
import subprocess
import time

import pytest

from device import ClientError, Devices
from server import Encrypted
from test_media import Folder
from test_media import agree as agree_on_media
from wire import compress
from world import World

pytestmark = pytest.mark.ours
MIB = 1 << 20


@pytest.fixture(scope="module")
def certificates(authority, tmp_path_factory):
    """Files of the server's own, which a test may replace."""
    return shutil.copytree(authority, tmp_path_factory.mktemp("served") / "tls")


@pytest.fixture(scope="module")
def server(make_server, trusting, certificates):
    server = make_server("sqlite", Encrypted, certificates=certificates).start()
    yield server
    assert server.is_running(), server.log_tail()


@pytest.fixture
def world(server, trusting):
    world = World(server, trusting)
    yield world
    world.close()


def curl(server, *options):
    """The status that curl gets, or what it says."""
    trust = ["--cacert", server.settings["DJANKISERV_TLS_CERTIFICATE"].replace("server.pem", "authority.pem")]
    words = ["curl", "-sS", "--max-time", "30", "-o", "/dev/null", "-w", "%{http_code} %{http_version}", *trust]
    done = subprocess.run([*words, *options], capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else done.stderr


def connected(server):
    context = ssl.create_default_context()
    plain = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    return context.wrap_socket(plain, server_hostname="127.0.0.1")


def number(server):
    """The serial number of the certificate that a new connection gets."""
    with connected(server) as one:
        return one.getpeercert()["serialNumber"]


def until(so):
    deadline = time.monotonic() + 20
    while not so() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert so()


def test_real_clients_sync_collections_and_media(world):
    a, b = world.pair()
    a.add_note(1_700_000_000_000, ["over TLS", "x" * MIB])
    world.agree(a, b)
    folders = Folder(a), Folder(b)
    folders[0].write("sound.mp3", bytes(range(256)) * 4 * 1024)
    assert len(agree_on_media(*folders)) == 1


def test_a_client_that_does_not_trust_the_authority_does_not_log_in(world, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    devices = Devices()
    with pytest.raises(ClientError, match="(?i)certificate|network|connect"):
        devices.new(world.server.url, world.user)
    devices.end()


WAYS = {
    "1.0": ["--http1.0"],
    "1.1": ["--http1.1"],
    "1.1 and waits": ["--http1.1", "-H", "Expect: 100-continue"],
    "1.1 in chunks": ["--http1.1", "-H", "Transfer-Encoding: chunked"],
}


@pytest.mark.parametrize("way", WAYS)
def test_curl_is_served_as_it_likes_it(world, tmp_path, way):
    (tmp_path / "body").write_bytes(bytes(range(256)) * 8192)
    form = ["-F", f"data=@{tmp_path}/body", "-F", "c=0", "-F", "k=" + world.wire().key]
    said = curl(world.server, *WAYS[way], *form, world.server.url + "sync/upload")
    assert said == f"200 {way[:3].removesuffix('.0')}"


def test_tls_1_1_is_refused_and_1_2_and_1_3_are_not(server):
    health = server.url + "health"
    assert "alert" in curl(server, "--tls-max", "1.1", health)
    assert curl(server, "--tls-max", "1.2", health).startswith("200")
    assert curl(server, "--tlsv1.3", health).startswith("200")


def test_http_on_this_port_is_told_to_be_https(server, tmp_path):
    (tmp_path / "body").write_bytes(b"x" * MIB)
    words = ["curl", "-sS", f"http://127.0.0.1:{server.port}/sync/meta", "-d", f"@{tmp_path}/body"]
    plain = subprocess.run(words, capture_output=True, text=True)
    assert plain.stdout.startswith("400 ") and "https" in plain.stdout


def test_a_renewed_certificate_is_taken_on_SIGHUP_and_an_upload_on_its_way_goes_on(world, certificates):
    server, a = world.server, world.starter()
    wire = world.wire()
    body, before = compress(wire.download()), number(server)
    head = f"POST /sync/upload HTTP/1.1\r\nhost: x\r\nanki-sync: {json.dumps(wire.header())}\r\n"
    with connected(server) as upload:
        upload.sendall(head.encode() + f"content-length: {len(body)}\r\n\r\n".encode() + body[: len(body) // 2])
        server.cli("tls", "init", "--out", str(certificates))
        server.process.send_signal(signal.SIGHUP)
        until(lambda: number(server) != before)
        upload.sendall(body[len(body) // 2 :])
        assert upload.recv(4096).startswith(b"HTTP/1.1 200")
    assert "OK" in wire.upload(wire.download())
    a.sync()


def test_a_broken_file_keeps_the_certificate_and_says_so_in_one_line(server, certificates):
    before, lines = number(server), server.log_text().count("stays the one that is served")
    kept = (certificates / "server.key").read_bytes()
    (certificates / "server.key").write_bytes(b"broken")
    server.process.send_signal(signal.SIGHUP)
    until(lambda: server.log_text().count("stays the one that is served") == lines + 1)
    assert number(server) == before
    (certificates / "server.key").write_bytes(kept)


def test_scanners_do_not_fill_the_log(server):
    before = len(server.log_text().splitlines())
    for _ in range(20):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", server.port), timeout=5) as one:
            one.sendall(b"\x16\x03\x01\x00\x05hello")
            one.recv(100)
        socket.create_connection(("127.0.0.1", server.port)).close()
    assert len(server.log_text().splitlines()) == before
