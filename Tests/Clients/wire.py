"""Protocol 11 made by hand: a header and a zstd body (sync-protocol.md 2.3)."""

import contextlib
import http.client
import json
import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

import zstandard

VERSION = 11
CLIENT = "26.09.3,tests,linux"
STEPS = ["start", "applyGraves", "applyChanges", "chunk", "applyChunk", "sanityCheck2", "finish"]
NO_ARGUMENTS = {"_pad": None}


def compress(payload):
    return zstandard.ZstdCompressor(write_content_size=False).compress(payload)


def decompress(body):
    return zstandard.ZstdDecompressor().decompressobj().decompress(body)


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def text(self):
        return self.body.decode()


class Refused(Exception):
    """An answer that is not 200."""

    def __init__(self, method, status, text=""):
        super().__init__(f"{method}: {status} {text[:200]}")
        self.method = method
        self.status = status


class Wire:
    """One caller: an address, a host key, a session key.

    Each call has a connection of its own, unless `keep` is set: the official server sometimes
    closes a kept one between two calls. `address` is where it comes from, such as "127.0.0.2".
    """

    def __init__(self, url, key="", session=None, timeout=60, keep=False, address=None):
        self.url = url
        self.key = key
        self.session = session or new_session()
        self.timeout = timeout
        self.keep = keep
        self.address = address
        self._connection = None

    @property
    def base(self):
        """The path below which the server is."""
        return urlsplit(self.url).path.rstrip("/")

    def header(self, **changes):
        return {"v": VERSION, "k": self.key, "c": CLIENT, "s": self.session, **changes}

    def call(self, method, payload=NO_ARGUMENTS, **header):
        """Sends `payload` (bytes as they are, anything else as JSON) and returns the reply."""
        raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return self.send(f"/sync/{method}", compress(raw), self.header(**header))

    def send(self, path, body, header, chunked=True, **more_headers):
        """One request; `header` is the value of `anki-sync`, as a dict or as a text."""
        text = header if isinstance(header, str) else json.dumps(header)
        headers = {"anki-sync": text, "content-type": "application/octet-stream", **more_headers}
        answered = False
        try:
            connection = self._connected()
            content = iter([body]) if chunked else body
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # answered before the end of the body
                connection.request("POST", self.base + path, body=content, headers=headers, encode_chunked=chunked)
            reply = received(connection.getresponse())
            answered = True
            return reply
        finally:
            if not (answered and self.keep):
                self.close()

    def send_pieces(self, path, pieces):
        """A chunked request whose pieces may end in an exception: the body is broken off then."""
        headers = {"anki-sync": json.dumps(self.header())}
        try:
            self._connected().request("POST", self.base + path, body=pieces, headers=headers, encode_chunked=True)
        finally:
            self.close()

    def ok(self, method, payload=NO_ARGUMENTS, **header):
        """The JSON of an answer that must be 200."""
        return self.ok_bytes(method, payload, **header).json

    def ok_bytes(self, method, payload=NO_ARGUMENTS, **header):
        reply = self.call(method, payload, **header)
        if reply.status != 200:
            raise Refused(method, reply.status, reply.body.decode(errors="replace"))
        return reply

    def status(self, method, payload=NO_ARGUMENTS, **header):
        return self.call(method, payload, **header).status

    def close(self):
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self):
        if self._connection is None:
            place = urlsplit(self.url)
            source = self.address and (self.address, 0)
            encrypted = place.scheme == "https"
            kind = http.client.HTTPSConnection if encrypted else http.client.HTTPConnection
            self._connection = kind(place.hostname, place.port, timeout=self.timeout, source_address=source)
        return self._connection

    # the calls of the protocol

    def login(self, user):
        self.key = self.ok("hostKey", {"u": user.name, "p": user.password})["key"]
        return self

    def another(self, session=None):
        """The same device (host key) with a new sync run."""
        return Wire(self.url, self.key, session, self.timeout, self.keep, self.address)

    def meta(self):
        return self.ok("meta", {"v": VERSION, "cv": f"anki,{CLIENT}"})

    def start(self, usn, newer=True, **more):
        return self.ok("start", {"minUsn": usn, "lnewer": newer, "graves": None, **more})

    def apply_graves(self, cards=(), notes=(), decks=()):
        chunk = {"cards": list(cards), "notes": list(notes), "decks": list(decks)}
        return self.ok("applyGraves", {"chunk": chunk})

    def apply_changes(self, models=(), decks=(), options=(), tags=(), **config):
        changes = {"models": list(models), "decks": [list(decks), list(options)], "tags": list(tags)}
        return self.ok("applyChanges", {"changes": {**changes, **config}})

    def chunk(self):
        return self.ok("chunk")

    def chunks(self):
        """All rows that the server has for this client."""
        rows = {"revlog": [], "cards": [], "notes": []}
        while True:
            part = self.chunk()
            for table in rows:
                rows[table] += part.get(table, [])
            if part["done"]:
                return rows

    def apply_chunk(self, notes=(), cards=(), revlog=(), done=True):
        lists = {"notes": list(notes), "cards": list(cards), "revlog": list(revlog)}
        return self.ok("applyChunk", {"chunk": {"done": done, **lists}})

    def sanity(self, counts):
        return self.ok("sanityCheck2", {"client": counts})

    def finish(self):
        return self.ok("finish")

    def upload(self, file):
        return self.ok_bytes("upload", file).text

    def download(self):
        return self.ok_bytes("download").body


def new_session():
    return secrets.token_hex(3)


def received(response):
    body = response.read()
    headers = {name.lower(): value for name, value in response.getheaders()}
    if response.status == 200 and "anki-original-size" in headers:
        body = decompress(body)
    return Reply(response.status, headers, body)
