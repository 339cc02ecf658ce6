"""djankiserv and the official server side by side.

    DJANKISERV_BIN=... scripts/databases python Benchmarks/bench.py [--quick] [--only TEXT] [--engines sqlite,postgres]

All servers run at the same time and are measured in turn, scenario by scenario: the official one, and djankiserv on
each engine. With DJANKISERV_TRACE_STORAGE set, the round trips, statements and disk waits that djankiserv logs are told
per method.
"""

import argparse
import os
import re
import shutil
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "Tests" / "Clients"))

import load
import shapes
from floor import Floor
from media import media_plan
from scenarios import Account, FirstDownload, Upload, plan

from server import Djankiserv, Official

USERS = 64
TRACE = re.compile(r"storage method=(\S+) round_trips=(\d+) statements=(\d+) transactions=\d+ waits=(\d+)")
HEAD = [
    "scenario",
    "users",
    "server",
    "per second",
    "median ms",
    "95 % ms",
    "peak MiB",
    "MiB per user",
    "official / ours",
]


class Bench:
    def __init__(self, servers):
        self.servers = servers
        self.lines = [HEAD]
        self.traces = {}
        self.shares = []

    def run(self, groups):
        for group in groups:
            if not group:
                continue
            accounts = {server: self._accounts(server, group) for server in self.servers}
            for scenario in group:
                self._measure(scenario, accounts)

    def _accounts(self, server, group):
        """Users for all scenarios of the group, who have what its first one needs."""
        needed = max(scenario.users for scenario in group)
        return [Account(server, group[0].before) for _ in range(needed)]

    def _measure(self, scenario, accounts):
        official = None
        for server in self.servers:
            jobs = scenario.jobs(accounts[server])
            logged = len(server.log_text())
            before = server.memory("VmRSS")
            forget_peak(server)
            outcome = load.run(jobs)
            self._trace(scenario, server, server.log_text()[logged:])
            median = outcome.quantile(0.5)
            official = official or median
            peak = server.memory("VmHWM")
            self.lines.append(
                [
                    scenario.name, str(scenario.users), server.name, f"{outcome.rate:.1f}",
                    f"{median * 1000:.1f}", f"{outcome.quantile(0.95) * 1000:.1f}",
                    f"{peak / 2**20:.0f}", f"{max(0, peak - before) / 2**20 / scenario.users:.2f}",
                    f"{official / median:.2f}" if server is not self.servers[0] else "",
                ]
            )  # fmt: skip
            print(*self.lines[-1], sep=" | ", flush=True)
            self._share(scenario, server, median)

    def _share(self, scenario, server, median):
        """How much of an upload or a first download is the database's own time."""
        if scenario.users > 1 or getattr(server, "engine", None) != "postgres":
            return
        if isinstance(scenario, (Upload, FirstDownload)):
            out, into = Floor(server.database["DJANKISERV_USERDB_URL"]).seconds()
            self.shares.append((scenario.name, median, into if isinstance(scenario, Upload) else out))

    def _trace(self, scenario, server, log):
        for method, *counts in TRACE.findall(log):
            key = (scenario.name, server.name, method)
            self.traces.setdefault(key, []).append(tuple(map(int, counts)))

    def table(self):
        widths = [max(map(len, column)) for column in zip(*self.lines, strict=True)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in self.lines]
        return "\n".join(line.rstrip() for line in lines)

    def databases(self):
        """What PostgreSQL takes by itself, and what comes on top."""
        return "".join(
            f"{name}: {median:.2f} s on PostgreSQL, of which psql \\copy of the same rows takes {own:.2f} s; "
            f"the rest is {median / own - 1:.1f} times that\n"
            for name, median, own in self.shares
        )

    def storage(self):
        """Round trips, statements and disk waits per call, as the server itself counted them."""
        sums = defaultdict(str)
        for (scenario, server, method), counts in self.traces.items():
            trips, statements, waits = (sum(column) / len(counts) for column in zip(*counts, strict=True))
            sums[f"{scenario}, {server}"] += (
                f"  {method}: {trips:.1f} round trips, {statements:.1f} statements, {waits:.1f} waits\n"
            )
        return "".join(f"{scenario}\n{text}" for scenario, text in sums.items())


def forget_peak(server):
    """The peak of memory counts from now on (proc(5), clear_refs)."""
    Path(f"/proc/{server.process.pid}/clear_refs").write_text("5")


def main():
    options = arguments()
    groups = plan(options.quick) + media_plan(options.quick)
    groups = [[one for one in group if options.only in one.name] for group in groups]
    folder = tempfile.mkdtemp(prefix="djankiserv-bench-", dir=options.folder)
    users = sum(max((one.users for one in group), default=0) for group in groups)
    servers = [Official(f"{folder}/official", users=users, upload_megs=2000)]
    if not options.official_only:
        binary = os.path.abspath(os.environ["DJANKISERV_BIN"])
        servers += [ours(f"{folder}/{engine}", binary, engine) for engine in options.engines.split(",")]
    bench = Bench(servers)
    try:
        for server in servers:
            server.start()
        bench.run(groups)
    finally:
        for server in servers:
            server.kill()
        shutil.rmtree(folder, ignore_errors=True)
        if options.forget:
            shapes.forget()
    print("\n" + bench.table())
    print("\nofficial / ours: of the median times, above 1 djankiserv is quicker; peak: VmHWM during the scenario")
    print(bench.databases() + bench.storage(), end="")


def ours(folder, binary, engine):
    server = Djankiserv(folder, binary, engine)
    server.name = f"djankiserv {engine}"
    return server


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a part of it, in about two minutes")
    parser.add_argument("--only", default="", help="scenarios whose name has this text")
    parser.add_argument("--engines", default="sqlite", help="djankiserv's, with commas between them")
    parser.add_argument("--folder", help="where the servers keep their data (default: the temporary folder)")
    parser.add_argument("--forget", action="store_true", help="remove the collections that were made for measuring")
    parser.add_argument("--official-only", action="store_true", help="check the benchmark itself")
    return parser.parse_args()


if __name__ == "__main__":
    main()
