"""The measuring client: requests made beforehand, kept connections, several processes of threads.

It does as little as it can between two requests, so that the server is what is measured.
"""

import contextlib
import json
import multiprocessing
import socket
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from wire import CLIENT, VERSION, compress

PROCESSES = 4
PATIENCE = 1800


@dataclass(frozen=True)
class Call:
    """A request: its method, its body compressed already, and whether it is part of a sync run."""

    method: str
    body: bytes
    place: str = "sync"

    @classmethod
    def of(cls, method, payload, place="sync"):
        return cls(method, compress(json.dumps(payload).encode()), place)


class Connection:
    """A kept connection; a new one if the server closed it between two requests."""

    def __init__(self, url, key, session):
        place = urlsplit(url)
        self.address = (place.hostname, place.port)
        header = json.dumps({"v": VERSION, "k": key, "c": CLIENT, "s": session})
        self.head = f"HTTP/1.1\r\nHost: {place.netloc}\r\nanki-sync: {header}\r\nContent-Length: "
        self.socket = None

    def call(self, call):
        """Sends and reads to the end; the length of the answer's body."""
        request = f"POST /{call.place}/{call.method} {self.head}{len(call.body)}\r\n\r\n".encode()
        while True:
            fresh = self.socket is None
            if fresh:
                self._connect()
            try:
                self.socket.sendall(request)
                self.socket.sendall(call.body)
                return self._read(call.method)
            except ConnectionError:
                self.close()
                if fresh:
                    raise

    def _connect(self):
        self.socket = socket.create_connection(self.address, PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def _read(self, method):
        while b"\r\n\r\n" not in self.buffer:
            self._more()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        lines = head.decode("latin1").lower().split("\r\n")
        status = int(lines[0].split()[1])
        headers = dict(line.split(": ", 1) for line in lines[1:])
        length = (
            self._skip_chunks() if "chunked" in headers.get("transfer-encoding", "") else int(headers["content-length"])
        )
        if "chunked" not in headers.get("transfer-encoding", ""):
            self._skip(length)
        if headers.get("connection") == "close":
            self.close()
        if status != 200:
            raise RuntimeError(f"{method}: {status}")
        return length

    def _more(self):
        data = self.socket.recv(1 << 20)
        if not data:
            raise ConnectionResetError
        self.buffer += data

    def _skip(self, count):
        while len(self.buffer) < count:
            count -= len(self.buffer)
            self.buffer = b""
            self._more()
        self.buffer = self.buffer[count:]

    def _skip_chunks(self):
        total = 0
        while True:
            while b"\r\n" not in self.buffer:
                self._more()
            line, _, self.buffer = self.buffer.partition(b"\r\n")
            size = int(line, 16)
            self._skip(size + 2)
            if size == 0:
                return total
            total += size

    def close(self):
        if self.socket is not None:
            with contextlib.suppress(OSError):
                self.socket.close()
            self.socket = None


@dataclass(frozen=True)
class Job:
    """What one user does: operations one after another, each a list of calls."""

    url: str
    key: str
    operations: list


@dataclass(frozen=True)
class Outcome:
    seconds: float
    times: list

    @property
    def rate(self):
        return len(self.times) / self.seconds

    def quantile(self, share):
        return sorted(self.times)[min(len(self.times) - 1, int(len(self.times) * share))]


def run(jobs):
    """Runs all jobs at once; when it all took how long, and the time of each operation."""
    groups = [jobs[number::PROCESSES] for number in range(min(PROCESSES, len(jobs)))]
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    ready = context.Barrier(len(groups) + 1)
    workers = [context.Process(target=_group, args=(group, ready, results)) for group in groups]
    for worker in workers:
        worker.start()
    ready.wait(PATIENCE)
    begun = time.perf_counter()
    answers = [results.get(timeout=PATIENCE) for _ in workers]
    seconds = time.perf_counter() - begun
    for worker in workers:
        worker.join()
    if failures := [answer for answer in answers if isinstance(answer, str)]:
        raise RuntimeError(failures[0])
    return Outcome(seconds, [duration for answer in answers for duration in answer])


def _group(jobs, ready, results):
    times, failures = [], []

    def work(number, job):
        connection = Connection(job.url, job.key, f"b{number:04x}")
        try:
            for operation in job.operations:
                begun = time.perf_counter()
                for call in operation:
                    connection.call(call)
                times.append(time.perf_counter() - begun)
        except Exception as error:  # told to the one who waits
            failures.append(f"{type(error).__name__}: {error}")
        connection.close()

    threads = [threading.Thread(target=work, args=pair) for pair in enumerate(jobs)]
    ready.wait(PATIENCE)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.put(failures[0] if failures else times)
