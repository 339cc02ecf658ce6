"""Protocols 8 to 10 made by hand: a form and gzip (sync-protocol.md 2.4, 11)."""

import gzip
import json
import secrets
from dataclasses import dataclass, field
from urllib.parse import quote_plus

from wire import Refused, Wire, received

NOTHING = object()  # no `data` part at all
BASE91 = "ABCdef0189!#$%&()*+,-./:;<=>?@[]^_`{|}~"


@dataclass(frozen=True)
class Shape:
    """How one kind of old client lays out its requests."""

    name: str
    version: int  # what `meta` says
    client: str  # what it says it is
    order: tuple = ("k", "s", "c", "data")
    boundary: str = "Anki-sync-boundary"
    session: str = "hex"
    data_type: bool = True  # whether `data` has a content type
    graves_in_start: bool = False
    empty_download: bool = True  # whether `download` comes without `data`
    version_on_full_sync: bool = True  # `v` instead of `s` on upload and download
    get_begin: bool = False
    start: dict = field(default_factory=dict)
    sanity: dict = field(default_factory=dict)

    def new_session(self):
        if self.session == "hex":
            return secrets.token_hex(4)
        return "".join(secrets.choice(BASE91) for _ in range(10))


def python(version, name, **more):
    return Shape(f"desktop {name}", version, f"ankidesktop,{name} (70784154),lin:debian:12", **more)


def rust(name, **more):
    return Shape(
        f"desktop {name}", 10, f"anki,{name} (dc80804a),linux", order=("data", "c", "k", "s"), session="base91",
        boundary=secrets.token_hex(32), data_type=False, empty_download=False, version_on_full_sync=False,
        get_begin=True, **more,
    )  # fmt: skip


def droid(version, name):
    return Shape(
        f"AnkiDroid {name}", version, f"ankidroid,{name},", order=("c", "v", "k", "s", "data"), graves_in_start=True,
    )  # fmt: skip


SHAPES = [
    droid(8, "2.8.4"), droid(9, "2.9.7"), droid(9, "2.12.1"), droid(9, "2.14.6"), droid(10, "2.15.6"),
    droid(10, "2.16.5"),
    python(8, "2.1.0", graves_in_start=True), python(9, "2.1.5", graves_in_start=True), python(9, "2.1.15"),
    python(10, "2.1.20", start={"offset": -60}), python(10, "2.1.25", start={"offset": None}),
    rust("2.1.28", start={"offset": 0}, sanity={"full": True}), rust("2.1.49"), rust("2.1.56"),
]  # fmt: skip


def form(fields, data, boundary, data_type=True, order=()):
    """The body: `fields` by name, `data` as bytes or NOTHING."""
    parts = dict(fields) | ({} if data is NOTHING else {"data": data})
    body = b""
    for name in [*(n for n in order if n in parts), *(n for n in parts if n not in order)]:
        value = parts[name]
        body += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'.encode()
        if name == "data":
            body += b'; filename="data"' + (b"\r\nContent-Type: application/octet-stream" if data_type else b"")
        body += b"\r\n\r\n" + (value if isinstance(value, bytes) else str(value).encode()) + b"\r\n"
    return body + f"--{boundary}--\r\n".encode()


class FormWire(Wire):
    """A hand-made client of an old shape; its calls are those of Wire."""

    def __init__(self, url, shape, key="", session=None, **more):
        super().__init__(url, key, session or shape.new_session(), **more)
        self.shape = shape
        self.media_key = ""

    def another(self, session=None):
        return FormWire(self.url, self.shape, self.key, session, timeout=self.timeout, address=self.address)

    def login(self, user):
        self.key = self.ok("hostKey", {"u": user.name, "p": user.password})["key"]
        return self

    def call(self, method, payload=None, **fields):
        """Sends `payload`: bytes as they are, NOTHING as nothing, anything else as JSON."""
        payload = {} if payload is None else payload
        data = payload if isinstance(payload, bytes) or payload is NOTHING else json.dumps(payload).encode()
        if data is not NOTHING:
            data = gzip.compress(data)
        return self.send_form(f"/sync/{method}", {"c": "1", **self._who(method), **fields}, data)

    def _who(self, method):
        if method == "hostKey":
            return {}
        if method in ("upload", "download") and self.shape.version_on_full_sync:
            return {"k": self.key, "v": self.shape.client}
        return {"k": self.key, "s": self.session}

    def send_form(self, path, fields, data, **headers):
        shape = self.shape
        body = form(fields, data, shape.boundary, shape.data_type, shape.order)
        kind = f"multipart/form-data; boundary={shape.boundary}"
        return self._post(path, body, {"content-type": kind, **headers})

    def _post(self, path, body, headers):
        try:
            connection = self._connected()
            connection.request("POST", path, body=body, headers=headers)
            return received(connection.getresponse())
        finally:
            self.close()

    # the calls that look otherwise

    def meta(self):
        return self.ok("meta", {"v": self.shape.version, "cv": self.shape.client})

    def start(self, usn, newer=True, graves=None, **more):
        request = {"minUsn": usn, "lnewer": newer, **self.shape.start, **more}
        if self.shape.graves_in_start:
            request["graves"] = graves
        return self.ok("start", request)

    def sanity(self, counts):
        return self.ok("sanityCheck2", {"client": counts, **self.shape.sanity})

    def download(self):
        return self.ok_bytes("download", NOTHING if self.shape.empty_download else None).body

    # media

    def media_begin(self):
        if self.shape.get_begin:
            reply = self._get(f"/msync/begin?k={quote_plus(self.key)}&v={quote_plus(self.shape.client)}")
        else:
            data = gzip.compress(b"{}")
            reply = self.send_form("/msync/begin", {"k": self.key, "v": self.shape.client, "c": "1"}, data)
        data = _unwrapped("begin", reply)
        self.media_key = data["sk"]
        return data

    def _get(self, path):
        try:
            connection = self._connected()
            connection.request("GET", path)
            return received(connection.getresponse())
        finally:
            self.close()

    def media(self, method, payload):
        return _unwrapped(method, self.media_bytes(method, payload))

    def media_bytes(self, method, payload):
        data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        fields = {"sk": self.media_key}
        if not self.shape.get_begin:
            fields["c"] = "0" if isinstance(payload, bytes) else "1"
            data = data if isinstance(payload, bytes) else gzip.compress(data)
        reply = self.send_form(f"/msync/{method}", fields, data)
        if reply.status != 200:
            raise Refused(method, reply.status, reply.body.decode(errors="replace"))
        return reply


def _unwrapped(method, reply):
    if reply.status != 200:
        raise Refused(method, reply.status, reply.body.decode(errors="replace"))
    answer = reply.json
    assert answer["err"] == ""
    return answer["data"]
