"""Real clients seen from a test: each is a worker process, worked by calling its operations.

a = devices.new(user)
a.add_note(1, ["front", "back"])
a.sync()
"""

import functools
import json
import subprocess
import sys
import threading
from pathlib import Path

from places import scratch

HERE = Path(__file__).parent
PATIENCE = 180


class ClientError(Exception):
    """What the client would show to its person."""

    def __init__(self, kind, type, message):
        super().__init__(f"{type} {kind}: {message}")
        self.kind = kind
        self.message = message


class Worker:
    """The process; it can serve one device after another."""

    def __init__(self, script="worker.py", python=sys.executable):
        self.process = subprocess.Popen(
            [python, str(HERE / script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def call(self, op, arguments, names):
        request = {"op": op, "arguments": arguments, "names": names}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        watchdog = threading.Timer(PATIENCE, self.process.kill)
        watchdog.start()
        line = self.process.stdout.readline()
        watchdog.cancel()
        if not line:
            raise RuntimeError(f"the client ended during {op}")
        reply = json.loads(line)
        if "error" in reply:
            raise ClientError(**reply["error"])
        return reply["value"]

    def end(self):
        self.process.kill()
        self.process.wait()


class Device:
    """One device of a user. Every operation of worker.py and edits.py is a method of it."""

    def __init__(self, worker, folder, url):
        self.worker = worker
        self.folder = folder
        self.path = str(Path(folder) / "collection.anki2")
        self._call("open", self.path, url)

    def __getattr__(self, operation):
        if operation.startswith("_"):
            raise AttributeError(operation)
        return functools.partial(self._call, operation)

    def _call(self, operation, *arguments, **names):
        return self.worker.call(operation, arguments, names)

    def login(self, user):
        return self._call("login", user.name, user.password)

    def sync_normally(self):
        """A sync that must end well, without a one-way sync being asked for."""
        reply = self._call("sync")
        assert reply["required"] == "nothing", reply
        return self

    def begin(self):
        """The first sync of a device: takes what the server has, or gives it the first collection."""
        required = self._call("sync")["required"]
        if required in ("upload", "download"):
            self._call(required)
        else:
            assert required == "nothing", required
        return self

    def dump(self):
        """The collection as dump.py tells it; keys are texts."""
        return self._call("dump")


class Devices:
    """Makes devices, and keeps their processes for the next test."""

    def __init__(self):
        self._idle = []
        self._lock = threading.Lock()

    def new(self, url, user=None):
        with self._lock:
            worker = self._idle.pop() if self._idle else Worker()
        device = Device(worker, scratch("device"), url)
        if user is not None:
            device.login(user)
        return device

    def release(self, device):
        try:
            device.close()
        except (ClientError, RuntimeError, OSError):
            device.worker.end()
        else:
            with self._lock:
                self._idle.append(device.worker)

    def end(self):
        for worker in self._idle:
            worker.end()
        self._idle.clear()


def together(*actions):
    """Runs the actions at the same time; their results, or the errors they ended with."""
    results = [None] * len(actions)

    def run(index, action):
        try:
            results[index] = action()
        except Exception as error:  # the test looks at it
            results[index] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
