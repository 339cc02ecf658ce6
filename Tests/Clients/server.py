"""Servers as processes: djankiserv, and the official server that serves as the oracle.

Each server has a folder and a free port of its own; the port outlives a restart, so that
clients keep their address. Every user that a server hands out is a new one.
"""

import base64
import hashlib
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

STORES = ["files", "rows"]  # where the bytes of media files and replaced collections go
START_SECONDS = 60
WITHOUT_SERVER = {"sqlite", "memory"}
STOP_SECONDS = 30


@dataclass(frozen=True)
class User:
    name: str
    password: str


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A server process; a subclass says how it is started and how it gets its users."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log = self.folder / "server.log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self.process = None

    def command(self):
        raise NotImplementedError

    def environment(self):
        raise NotImplementedError

    def add_user(self):
        raise NotImplementedError

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                env={**os.environ, **self.environment()},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._wait_until_healthy()
        return self

    def _wait_until_healthy(self):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"server ended with {self.process.returncode}: {self.log_tail()}")
            try:
                with urllib.request.urlopen(self.url + "health", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.02)
        raise RuntimeError(f"server is not healthy after {START_SECONDS} s: {self.log_tail()}")

    def stop(self):
        """A polite end; the exit code."""
        if self.process is None:
            return None
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        self.process = None
        return code

    def kill(self):
        """SIGKILL: nothing is flushed, nobody is told."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def restart(self):
        if self.process is not None:
            self.stop()
        return self.start()

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def log_text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def log_tail(self):
        return self.log_text()[-2000:]

    def memory(self, key="VmHWM"):
        """A value of /proc/PID/status, in bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith(key + ":"))
        return int(line.split()[1]) * 1024

    def __enter__(self):
        return self.start()

    def __exit__(self, *failure):
        self.kill()


def database_of(engine):
    """Settings that name a database of its own, for engines that are a server: `scripts/databases` runs them."""
    if engine in WITHOUT_SERVER:
        return {}
    name = f"DJANKISERV_TEST_{engine.upper()}_NEW"
    if name not in os.environ:
        raise RuntimeError(f"{name} is not set: run the tests in scripts/databases")
    made = subprocess.run([os.environ[name]], check=True, capture_output=True, text=True)
    return {"DJANKISERV_USERDB_URL": made.stdout.strip()}


class Djankiserv(Server):
    """The server under test; `binary` is the built program."""

    name = "djankiserv"

    def __init__(self, folder, binary, engine="sqlite", **settings):
        super().__init__(folder)
        self.binary = binary
        self.engine = engine
        self.settings = settings
        self.database = database_of(engine)
        self.data_root = Path(settings.get("DJANKISERV_DATA_ROOT", self.folder / "data"))
        self._numbers = itertools.count(1)

    def command(self):
        return [self.binary, "serve", "--host", "127.0.0.1", "--port", str(self.port)]

    def environment(self):
        own = {
            "DJANKISERV_DATA_ROOT": str(self.data_root),
            "DJANKISERV_USERDB_ENGINE": self.engine,
        }
        return {**own, **self.database, **self.settings}

    def cli(self, *words, text="", check=True):
        """Runs a command of the program beside the server; what it printed."""
        done = subprocess.run(
            [self.binary, *words],
            env={**os.environ, **self.environment()},
            input=text,
            capture_output=True,
            text=True,
            timeout=120,
        )
        if check and done.returncode != 0:
            raise RuntimeError(f"{words} ended with {done.returncode}: {done.stderr or done.stdout}")
        return done

    def add_user(self, name=None):
        user = User(name or f"user{next(self._numbers)}", "the password")
        self.cli("adduser", "--password-stdin", user.name, text=user.password)
        return user

    def change_password(self, user, password):
        self.cli("passwd", "--password-stdin", user.name, text=password)
        return User(user.name, password)

    def is_used_up(self):
        return False

    def delete_user(self, user):
        self.cli("deluser", user.name)

    def generations(self, user):
        return json.loads(self.cli("generations", user.name, "--json").stdout)

    def restore(self, user, number):
        self.cli("restore", user.name, str(number), "--yes")

    def wait_until_kept(self, user):
        """The newest generation that was replaced and can be had back; it is put away after the upload."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            kept = [one for one in self.generations(user) if one["state"] == "kept"]
            if kept and not any(one["state"] == "sealed" for one in self.generations(user)):
                return max(kept, key=lambda one: one["number"])
            time.sleep(0.05)
        raise RuntimeError(f"no generation is kept: {self.generations(user)}")

    def leftovers(self):
        """What lies about in the folder for work and does not go away: nothing, if all is well."""
        deadline = time.monotonic() + 15
        while (found := self._unfinished()) and time.monotonic() < deadline:
            time.sleep(0.1)
        return found

    def _unfinished(self):
        """Folders of other instances, and all files but the cache of downloads."""
        folders = list((self.data_root / "tmp").glob("*/"))
        files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
        own = [path for path in files if path.stat().st_size > 0 and not path.name.startswith(("download-", "lock"))]
        return own + (folders if len(folders) > 1 else [])


class Encrypted(Djankiserv):
    """The server under test with TLS of its own: `server.pem` and `server.key` of a folder."""

    def __init__(self, folder, binary, engine="sqlite", certificates=None, **settings):
        files = {"CERTIFICATE": "server.pem", "KEY": "server.key"}
        names = {f"DJANKISERV_TLS_{name}": str(certificates / file) for name, file in files.items()}
        super().__init__(folder, binary, engine, **names, **settings)
        self.url = f"https://127.0.0.1:{self.port}/"


class Official(Server):
    """Anki's own server. It knows its users at start only, so it gets a store of them."""

    name = "official"

    def __init__(self, folder, users=150, upload_megs=100):
        super().__init__(folder)
        self.upload_megs = upload_megs
        self.data_root = self.folder / "data"
        self.engine = "official"
        self._all = [User(f"user{number}", "the password") for number in range(1, users + 1)]
        self._unused = list(self._all)

    def command(self):
        return [sys.executable, "-m", "anki.syncserver"]

    def environment(self):
        hashed = cheap_hash("the password")
        names = {f"SYNC_USER{n}": f"{user.name}:{hashed}" for n, user in enumerate(self._all, 1)}
        return {
            **names,
            "PASSWORDS_HASHED": "1",
            "SYNC_BASE": str(self.data_root),
            "SYNC_HOST": "127.0.0.1",
            "SYNC_PORT": str(self.port),
            "MAX_SYNC_PAYLOAD_MEGS": str(self.upload_megs),
            "RUST_LOG": "warn",
        }

    def add_user(self, name=None):
        if name is not None:
            raise NotImplementedError("the official server knows its users at start only")
        return self._unused.pop()

    def is_used_up(self):
        """Whether it may have too few users left for another test."""
        return len(self._unused) < 12

    def leftovers(self):
        return []


def cheap_hash(password):
    """A password hash of one round, so that many users start at once."""
    salt = b"salt of the tests"

    def text(value):
        return base64.b64encode(value).decode().rstrip("=")

    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, 1)
    return f"$pbkdf2-sha256$i=1,l=32${text(salt)}${text(digest)}"
