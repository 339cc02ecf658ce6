"""A proxy between client and server that counts requests and fails where it is told to.

The n-th request (0 is the next one) can be
  "drop"         cut before anything is forwarded,
  "cut body"     forwarded up to the middle of its body, then cut,
  "drop reply"   forwarded and answered, but the answer is thrown away,
  "cut reply"    answered up to the middle of the body of the answer, then cut,
  "duplicate"    forwarded twice; the client gets the second answer,
  "hold"         forwarded after `then()` has run: somebody else comes in between.
"""

import contextlib
import http.client
import itertools
import socket
import socketserver
import threading
from dataclasses import dataclass
from urllib.parse import urlsplit

from wire import decompress

HOP = {"transfer-encoding", "connection", "content-length", "host"}


@dataclass
class Exchange:
    """One request that came by, with its answer if there was one."""

    method: str
    sent: bytes
    status: int | None = None
    received: bytes = b""

    @property
    def is_step(self):
        return self.method not in ("hostKey", "meta", "abort")


class Proxy:
    def __init__(self, *targets):
        """With several targets the requests go to them in turn."""
        self._targets = itertools.cycle([urlsplit(target) for target in targets])
        self.log = []
        self._armed = {}
        self._lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"proxy": self})
        self._server = _Listener(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def arm(self, number, fault, then=None):
        """The request `number` from now on fails so; `then()` runs at that moment."""
        with self._lock:
            self._armed = {len(self.log) + number: (fault, then)}

    def arm_step(self, method, fault, then=None):
        """The first request of a method from now on fails so."""
        with self._lock:
            self._armed = {method: (fault, then)}

    def disarm(self):
        with self._lock:
            self._armed = {}

    def fired(self):
        """Whether the armed fault has happened."""
        with self._lock:
            return not self._armed

    def methods(self):
        return [exchange.method for exchange in self.log]

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def enter(self, method, body):
        with self._lock:
            exchange = Exchange(method, body)
            fault = self._armed.pop(method, None) or self._armed.pop(len(self.log), (None, None))
            self.log.append(exchange)
        return exchange, *fault

    def forward(self, verb, path, headers, body, cut=False):
        """Sends the request on; the answer, or nothing if it was to be cut."""
        with self._lock:
            target = next(self._targets)
        connection = http.client.HTTPConnection(target.hostname, target.port, timeout=120)
        with contextlib.closing(connection):
            kept = {name: value for name, value in headers if name.lower() not in HOP}
            if cut:
                connection.putrequest(verb, path)
                for name, value in kept.items():
                    connection.putheader(name, value)
                connection.putheader("Content-Length", str(len(body)))
                connection.endheaders(body[: len(body) // 2])
                return None
            connection.request(verb, path, body=body, headers=kept)
            response = connection.getresponse()
            return response.status, response.getheaders(), response.read()


class _Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class _Cut(Exception):
    """The connection to the client ends here."""


class _Handler(socketserver.StreamRequestHandler):
    proxy = None

    def handle(self):
        with contextlib.suppress(_Cut, OSError, http.client.HTTPException):
            while self._one_request():
                pass
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _one_request(self):
        line = self.rfile.readline()
        if not line:
            return False
        verb, path, _ = line.decode().split()
        headers = list(http.client.parse_headers(self.rfile).items())
        self._answer(verb, path, headers, self._body({name.lower(): value for name, value in headers}))
        return True

    def _body(self, headers):
        if "chunked" not in headers.get("transfer-encoding", ""):
            return self.rfile.read(int(headers.get("content-length", 0)))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _answer(self, verb, path, headers, body):
        method = path.partition("?")[0].rstrip("/").rpartition("/")[2]
        exchange, fault, then = self.proxy.enter(method, unpacked(body))
        if fault == "drop":
            self._cut(then)
        if fault == "cut body":
            self.proxy.forward(verb, path, headers, body, cut=True)
            self._cut(then)
        if fault == "hold":
            then()
        if fault == "duplicate":
            self.proxy.forward(verb, path, headers, body)
        status, reply_headers, reply = self.proxy.forward(verb, path, headers, body)
        exchange.status, exchange.received = status, unpacked(reply)
        if fault == "drop reply":
            self._cut(then)
        kept = [f"{name}: {value}" for name, value in reply_headers if name.lower() not in HOP]
        head = "\r\n".join([f"HTTP/1.1 {status} -", *kept, f"Content-Length: {len(reply)}"])
        self.wfile.write(head.encode() + b"\r\n\r\n")
        if fault == "cut reply":
            self.wfile.write(reply[: len(reply) // 2])
            self._cut(then)
        self.wfile.write(reply)

    def _cut(self, then):
        if then is not None:
            then()
        raise _Cut


def unpacked(body):
    try:
        return decompress(body)
    except Exception:  # an error text, or nothing
        return body
