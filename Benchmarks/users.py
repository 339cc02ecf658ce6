"""Many users on each engine: what one more costs, and what all of them take.

    export DJANKISERV_BIN=$PWD/.build/release/djankiserv
    ENGINES=postgres,mariadb scripts/databases .venv/bin/python Benchmarks/users.py [--engine sqlite,postgres,mariadb]
        [--users 1,100,1000] [--folder FOLDER]

Users are added by the program and upload a small collection over HTTP; then some of them sync, one after the other and
all at once. Nothing is run beside it. Then two users with large collections and fifty with small ones sync at once
(--crowd alone does only that).
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from urllib.parse import unquote, urlsplit

sys.path.insert(0, str(Path(__file__).parent.parent / "Tests" / "Clients"))

import load
import shapes
from scenarios import Account, SmallSync

from server import Djankiserv, User

TINY = shapes.Shape("300-cards", 300, 300, 2_000)
LARGE = shapes.Shape("100000-cards", 100_000, 100_000, 500_000)
TIMED = 10
SAMPLE = 50
HEAD = [
    "engine", "users", "adduser ms", "first upload ms", "small sync ms", "syncs per second at once",
    "on the disk MiB", "per user KiB", "catalogue MiB", "connection MiB", "djankiserv MiB",
]  # fmt: skip


class Roll:
    """Hands out a user who was added beforehand, as a server would."""

    def __init__(self, server, user):
        self.url = server.url
        self.user = user

    def add_user(self):
        return self.user


class Crowd:
    """The users of a server, each with a small collection."""

    def __init__(self, server):
        self.server = server
        self.accounts = []

    def grow(self, count):
        """To so many users; the last few of them one by one. Milliseconds of `adduser`, and of the first upload."""
        timed = min(TIMED, count - len(self.accounts))
        self._enter(range(len(self.accounts), count - timed))
        adding, uploading = [], []
        for _ in range(timed):
            begun = time.perf_counter()
            user = self._add(len(self.accounts))
            adding.append(time.perf_counter() - begun)
            account = Account(Roll(self.server, user))
            begun = time.perf_counter()
            account.upload(TINY)
            uploading.append(time.perf_counter() - begun)
            account.shape = TINY
            account.wire.close()
            self.accounts.append(account)
        return median(adding) * 1000, median(uploading) * 1000

    def _add(self, number):
        user = User(f"user{number}", "the password")
        self.server.cli("adduser", "--password-stdin", user.name, text=user.password)
        return user

    def _enter(self, numbers):
        def enter(number):
            account = Account(Roll(self.server, self._add(number)), TINY)
            account.wire.close()
            return account

        with ThreadPoolExecutor(2) as threads:
            self.accounts += threads.map(enter, numbers)

    def sample(self):
        """Users from all over."""
        step = max(1, len(self.accounts) // SAMPLE)
        return self.accounts[::step][:SAMPLE]

    def sync(self):
        """Milliseconds of a sync of twenty reviews, of users who have not been there for long, one by one."""
        times = []
        for account in self.sample():
            [operation] = SmallSync("", TINY, 1, 1).operations(account)
            connection = load.Connection(account.wire.url, account.wire.key, "bench")
            begun = time.perf_counter()
            for call in operation:
                connection.call(call)
            times.append(time.perf_counter() - begun)
            connection.close()
        return median(times) * 1000

    def sync_at_once(self):
        scenario = SmallSync("", TINY, SAMPLE, 4)
        return load.run(scenario.jobs(self.sample())).rate


def measure(server, counts):
    crowd = Crowd(server)
    empty = on_disk(server)
    for count in counts:
        adding, uploading = crowd.grow(count)
        syncing, rate = crowd.sync(), crowd.sync_at_once()
        disk = on_disk(server)
        row = [
            server.engine, f"{count:,}", f"{adding:.0f}", f"{uploading:.0f}", f"{syncing:.0f}", f"{rate:.0f}",
            f"{disk / 2**20:.0f}", f"{(disk - empty) / 2**10 / count:.0f}", f"{catalogue(server) / 2**20:.0f}",
            f"{connection(server) / 2**20:.0f}", f"{server.memory('VmRSS') / 2**20:.0f}",
        ]  # fmt: skip
        print("| " + " | ".join(row) + " |", flush=True)


def mixed(server):
    """Two users with large collections and fifty with small ones sync at once, again and again."""
    crowd = Crowd(server)
    crowd.grow(50)
    large = [Account(server, LARGE) for _ in range(2)]
    jobs = SmallSync("", LARGE, 2, 10).jobs(large) + SmallSync("", TINY, 50, 10).jobs(crowd.accounts)
    outcome = load.run(jobs)
    times = ", ".join(f"{share:.0%} {outcome.quantile(share) * 1000:.0f} ms" for share in (0.5, 0.95, 0.99))
    print(f"{server.engine}: 52 users at once, {outcome.rate:.0f} syncs per second, no error; {times}", flush=True)


# What the databases say of themselves


def sql(server, statement):
    url = server.database["DJANKISERV_USERDB_URL"]
    if server.engine == "postgres":
        arguments, environment = ["psql", "-X", "-A", "-t", "-c", statement, url], {}
    else:
        parts = urlsplit(url)
        arguments = ["mariadb", "--no-defaults", "-h", parts.hostname, "-P", str(parts.port), "-u", parts.username]
        arguments, environment = [*arguments, "-N", "-e", statement], {"MYSQL_PWD": unquote(parts.password)}
    done = subprocess.run(
        arguments, env={**os.environ, **environment}, capture_output=True, text=True, check=True, timeout=600
    )
    return done.stdout.split()


def folder_size(folder):
    return int(subprocess.run(["du", "-s", "-B1", folder], capture_output=True, text=True).stdout.split()[0])


def on_disk(server):
    """Bytes of everything: the data folder, and the database."""
    own = folder_size(server.data_root)
    if server.engine == "postgres":
        return own + int(sql(server, "SELECT pg_database_size(current_database())")[0])
    if server.engine == "mariadb":
        return own + folder_size(sql(server, "SELECT @@datadir")[0])
    return own


def catalogue(server):
    """Bytes of what describes the tables: PostgreSQL's own schema, MariaDB's .frm files."""
    if server.engine == "postgres":
        tables = "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relnamespace = 11 AND relkind = 'r'"
        return int(sql(server, tables)[0])
    if server.engine == "mariadb":
        frames = Path(sql(server, "SELECT @@datadir")[0]).rglob("*.frm")
        return sum(path.stat().st_blocks * 512 for path in frames)
    return 0


def connection(server):
    """Memory of the largest connection: what a process of PostgreSQL has to itself, of MariaDB what it has of all."""
    if server.engine == "postgres":
        statement = "SELECT pid FROM pg_stat_activity WHERE usename = 'djankiserv' AND pid <> pg_backend_pid()"
        return max((private(pid) for pid in sql(server, statement)), default=0)
    if server.engine == "mariadb":
        process = Path(sql(server, "SELECT @@pid_file")[0]).read_text().strip()
        status = Path(f"/proc/{process}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) * 1024
    return 0


def private(pid):
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(("Private_Clean", "Private_Dirty"))) * 1024


def main():
    options = arguments()
    binary = os.path.abspath(os.environ["DJANKISERV_BIN"])
    print("| " + " | ".join(HEAD) + " |")
    for engine in options.engine.split(","):
        folder = tempfile.mkdtemp(prefix="djankiserv-users-", dir=options.folder)
        server = Djankiserv(folder, binary, engine)
        try:
            server.start()
            if not options.crowd:
                measure(server, [int(count) for count in options.users.split(",")])
            else:
                mixed(server)
        finally:
            server.kill()
            shutil.rmtree(folder, ignore_errors=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", default="sqlite,postgres,mariadb")
    parser.add_argument("--users", default="1,100,1000")
    parser.add_argument("--crowd", action="store_true", help="large and small collections at once")
    parser.add_argument("--folder", help="where the servers keep their data (default: the temporary folder)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
