"""`djankiserv doctor --url`, through fronts that each do one thing wrong."""

import json
import re
import socket
import ssl
import subprocess
import threading
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from server import free_port

pytestmark = pytest.mark.any_engine
SUBJECTS = ["address", "connection", "clock", "header", "chunks", "expect", "size"]


class Front(BaseHTTPRequestHandler):
    """A proxy of the naive kind: takes in the whole body, and sends it on with its length."""

    protocol_version = "HTTP/1.1"
    upstream = prefix = None
    limit = None
    hasty = False
    drops = ()
    chunks = True
    expects = True
    date = None
    redirects = False
    spoils = False

    def do_GET(self):
        self.serve()

    do_POST = do_GET

    def handle(self):
        try:
            super().handle()
        except (OSError, ValueError):
            pass  # it was hasty, or the client was

    def handle_expect_100(self):
        if self.expects:
            return super().handle_expect_100()
        self.refuse(417)
        return False

    def serve(self):
        if self.redirects:
            return self.refuse(308, location=self.upstream + self.path.lstrip("/"))
        if "chunked" in self.headers.get("transfer-encoding", "") and not self.chunks:
            return self.refuse(411)
        body = self.body()
        if body is None:
            return self.refuse(413)
        upstream = urlsplit(self.upstream)
        connection = HTTPConnection(upstream.hostname, upstream.port, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in self.drops}
        for name in ("Transfer-Encoding", "transfer-encoding", "Expect", "expect"):
            headers.pop(name, None)
        connection.request(self.command, self.path, body[::-1] if self.spoils else body, headers)
        answer = connection.getresponse()
        text = answer.read()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "connection", "date"):
                self.send_header(name, value)
        self.send_header("date", self.date or answer.getheader("date"))
        self.end(text)

    def body(self):
        """None: larger than allowed. It is read to its end all the same, as by fronts that want to be heard."""
        pieces, count = [], 0
        for piece in self.pieces():
            count += len(piece)
            if self.hasty and count > self.limit:
                self.connection.shutdown(socket.SHUT_RDWR)
            if self.limit is None or count <= self.limit:
                pieces.append(piece)
        return b"".join(pieces) if self.limit is None or count <= self.limit else None

    def pieces(self):
        if "chunked" not in self.headers.get("transfer-encoding", ""):
            yield self.rfile.read(int(self.headers.get("content-length", 0)))
            return
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def refuse(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-type", "text/html")
        self.close_connection = True
        self.end(f"<html>{status}</html>".encode())

    def end(self, text):
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    def log_message(self, *words):
        pass


@pytest.fixture
def front(server):
    """Starts fronts of the server; the address of each."""
    started = []

    def start(certificate=None, **faults):
        handler = type("Faulty", (Front,), {"upstream": server.url, **faults})
        front = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        started.append(front)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            front.socket = context.wrap_socket(front.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=front.serve_forever, daemon=True).start()
        return f"http{'s' if certificate else ''}://127.0.0.1:{front.server_port}/"

    yield start
    for one in started:
        one.shutdown()
        one.server_close()


@pytest.fixture
def doctor(server):
    """What is found at an address, by subject; the loopback address of all tests is no news."""

    def find(url):
        done = server.cli("doctor", "--url", url, "--json", check=False)
        found = [one for one in json.loads(done.stdout) if "this machine alone" not in one["message"]]
        failing = [one for one in found if one["grade"] == "FAIL"]
        assert done.returncode == (1 if failing else 0), done.stderr
        return {one["subject"]: one for one in found}

    return find


@pytest.fixture(scope="module")
def self_signed(tmp_path_factory):
    return certificate(tmp_path_factory.mktemp("tls"), "127.0.0.1")


def certificate(folder, address):
    """A file with the certificate for an address, signed by itself, and its key."""
    file = folder / "both.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test"]
    extension = ["-addext", f"subjectAltName=IP:{address}", "-keyout", file, "-out", folder / "alone.pem"]
    subprocess.run(command + extension, check=True, capture_output=True)
    file.write_text(file.read_text() + (folder / "alone.pem").read_text())
    return file


def test_nothing_is_wrong_with_a_server_that_is_reached(doctor, server):
    found = doctor(server.url)
    assert {name: one["grade"] for name, one in found.items()} == {name: "ok" for name in SUBJECTS if name != "address"}


def test_nothing_is_wrong_behind_a_proxy_that_passes_everything_on(doctor, front):
    assert {one["grade"] for one in doctor(front()).values()} == {"ok"}


FAULTS = {
    "limit": ({"limit": 1 << 20}, "size", "FAIL", "proxy .* refuses a body of 100 MB; .*client_max_body_size"),
    "cut": ({"limit": 1 << 20, "hasty": True}, "size", "FAIL", "ends without an answer; .*limits of the proxy"),
    "header": ({"drops": ("anki-sync",)}, "header", "FAIL", "does not see the header"),
    "chunks": ({"chunks": False}, "chunks", "FAIL", "refuses a body in chunks .*411"),
    "spoiled": ({"spoils": True}, "chunks", "FAIL", "not .* as it was sent"),
    "expect": ({"expects": False}, "expect", "warn", "Expect"),
    "clock": ({"date": "Sat, 01 Jan 2022 00:00:00 GMT"}, "clock", "FAIL", "apart"),
    "redirect": ({"redirects": True}, "connection", "FAIL", "redirects to http"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_on_the_way_is_named_and_nothing_else(doctor, front, fault):
    faults, subject, grade, words = FAULTS[fault]
    found = doctor(front(**faults))
    assert found[subject]["grade"] == grade, found
    assert re.search(words, f"{found[subject]['message']}; {found[subject]['advice']}"), found
    if fault in ("limit", "cut", "expect", "clock"):
        assert [name for name, one in found.items() if one["grade"] != "ok"] == [subject]


def test_nobody_listens(doctor):
    found = doctor(f"http://127.0.0.1:{free_port()}/")
    assert "nobody answers" in found["connection"]["message"] and "clock" not in found


def test_a_name_that_is_not_there(doctor):
    assert "no machine called nobody.invalid" in doctor("http://nobody.invalid/")["connection"]["message"]


def test_a_certificate_that_nobody_signed(doctor, front, self_signed):
    assert "not to be trusted" in doctor(front(certificate=self_signed))["connection"]["message"]


def test_a_certificate_from_somebody_who_is_trusted(doctor, front, self_signed, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(self_signed))
    found = doctor(front(certificate=self_signed))
    assert {one["grade"] for one in found.values()} == {"ok"}
    assert "valid certificate" in found["connection"]["message"]


def test_a_certificate_for_another_address(doctor, front, folder, monkeypatch):
    other = certificate(folder, "127.0.0.2")
    monkeypatch.setenv("SSL_CERT_FILE", str(other))
    found = doctor(front(certificate=other))
    assert found["connection"]["grade"] == "FAIL" and "another name" in found["connection"]["message"], found


def test_https_at_a_port_that_speaks_http_and_the_reverse(doctor, server, front, self_signed):
    found = doctor(server.url.replace("http:", "https:"))
    assert "does not speak https" in found["connection"]["message"], found
    found = doctor(front(certificate=self_signed).replace("https:", "http:"))
    assert found["connection"]["grade"] == "FAIL", found


def test_something_else_at_the_address(doctor):
    other = ThreadingHTTPServer(("127.0.0.1", 0), type("Other", (Front,), {"serve": lambda self: self.refuse(200)}))
    threading.Thread(target=other.serve_forever, daemon=True).start()
    found = doctor(f"http://127.0.0.1:{other.server_port}/")
    assert "not a sync server" in found["path"]["message"]
    other.shutdown()


def test_what_speaks_no_http(doctor):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer():
            connection, _ = listener.accept()
            connection.recv(100)
            connection.sendall(b"220 mail.example ESMTP\r\n")
            connection.close()

        threading.Thread(target=answer, daemon=True).start()
        found = doctor(f"http://127.0.0.1:{listener.getsockname()[1]}/")
    assert "does not speak http" in found["connection"]["message"]


@pytest.mark.parametrize("typed", ["localhost:27701", "ftp://h/", "http://"])
def test_what_is_no_address(doctor, typed):
    found = doctor(typed)
    assert list(found) == ["address"] and found["address"]["grade"] == "FAIL"


def test_an_address_that_some_clients_misread_is_told_in_full(doctor, server):
    found = doctor(server.url + "djs")
    assert found["address"]["grade"] == "warn" and server.url + "djs/" in found["address"]["advice"]


def test_the_body_that_is_sent_for_its_size_leaves_nothing_behind(doctor, server):
    doctor(server.url)
    left = [file for file in server.data_root.rglob("*") if file.is_file() and file.stat().st_size > 50 << 20]
    assert left == []
