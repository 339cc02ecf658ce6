"""Random histories: devices of one user in turn and at the same time, with faults, and the rules in the end.

    python histories.py --seed 7 --steps 300 --devices 3 --faults kill,cut [--real] [--count 20]

A history is made by its seed alone. With hand-made devices it is also played exactly the same way
again; real devices that sync at the same time meet as the machine lets them.
"""

import argparse
import os
import random
import shutil
import sys
import time
import traceback
from functools import partial

import files
from device import Devices, together
from hand import LATER, NEW, base
from ledger import Ledger
from places import scratch
from players import HandMade, Real, state_of
from server import Djankiserv, Official
from wire import Wire
from world import World

REQUESTS = 9
ROUNDS = 12
APART = 0.003  # seconds; an edit stamps at most two milliseconds, one after the other
EDITS = {
    "add_note": 5, "edit_note": 5, "study": 6, "flag": 3, "remove_note": 2, "write_deck": 2, "remove_deck": 1,
    "write_options": 1, "write_notetype": 1, "add_tag": 2, "set_config": 2,
}  # fmt: skip


class Broken(AssertionError):
    """A rule does not hold at the end of a history."""


class History:
    def __init__(self, server, players, seed, faults=(), real=False):
        self.server = server
        self.players = players
        self.chance = random.Random(seed)
        self.faults = list(faults)
        self.real = real
        self.ledger = Ledger()
        # Later than what real devices stamp by their own clocks; hand-made ones need no clock.
        self.clock = int(time.time()) + 10_000 if real else LATER
        self.counts = dict.fromkeys(["edits", "merged", "nothing", "failed", "kills", "cuts", "together"], 0)
        self._decks = []

    def play(self, steps):
        for _ in range(steps):
            turn = self.chance.random()
            if turn < 0.7:
                self.edit(self.chance.choice(self.players))
            elif turn < 0.88:
                self.sync(self.chance.choice(self.players))
            else:
                self.sync_together()
        self.settle()

    # edits

    def edit(self, player):
        """An edit in milliseconds of its own.

        An edit in the very millisecond of another device's sync could leave this one with the stamp of the server:
        then it would see nothing to do until either changes (sync-protocol.md 5). Both stamp by the machine's clock,
        which no test can set.
        """
        name = self.chance.choices(list(EDITS), EDITS.values())[0]
        self.clock += 1
        time.sleep(APART)  # from the syncs before
        getattr(self, "_" + name)(player, self.clock)
        time.sleep(APART)  # from those that follow
        self.counts["edits"] += 1

    def _add_note(self, player, mod):
        id = NEW + mod
        player.add_note(id, mod)
        self.ledger.wrote("notes", id, mod, f"{mod}\x1f")
        self.ledger.wrote("cards", id, mod, (mod, 0))

    def _edit_note(self, player, mod):
        if id := self._some(player.notes()):
            player.edit_note(id, mod)
            self.ledger.wrote("notes", id, mod, f"{mod}\x1f")

    def _study(self, player, mod):
        if id := self._some(player.notes()):
            flags = player.card(id)[1]
            player.study(id, NEW + mod, mod)
            self.ledger.wrote("cards", id, mod, (mod, flags))
            self.ledger.reviews.add(NEW + mod)

    def _flag(self, player, mod):
        studied = [id for id in player.notes() if (("cards", id) in self.ledger.versions)]
        if id := self._some(studied):
            colour = self.chance.randrange(8)
            player.flag(id, colour)
            kept_mod = player.card(id)[0]
            self.ledger.wrote("cards", id, kept_mod, (kept_mod, colour))

    def _remove_note(self, player, mod):
        if id := self._some(player.notes()):
            player.remove_note(id)
            self.ledger.remove("notes", id)
            self.ledger.remove("cards", id)

    def _write_deck(self, player, mod):
        mine = [id for id in player.decks() if id in self._decks]
        id = self._some(mine) if mine and self.chance.random() < 0.5 else NEW + mod
        self._decks.append(id)
        player.write_deck(id, mod)
        self.ledger.wrote("decks", id, mod, f"deck {id} {mod}")

    def _remove_deck(self, player, mod):
        if id := self._some([id for id in player.decks() if id in self._decks]):
            player.remove_deck(id)
            self.ledger.remove("decks", id)

    def _write_options(self, player, mod):
        player.write_options(mod)
        self.ledger.wrote("options", 1, mod, f"options {mod}")

    def _write_notetype(self, player, mod):
        self.ledger.wrote("models", player.write_notetype(mod), mod, str(mod))

    def _add_tag(self, player, mod):
        player.add_tag(f"tag{mod}")
        self.ledger.tags.add(f"tag{mod}")

    def _set_config(self, player, mod):
        player.set_config(f"history{self.chance.randrange(3)}", mod)

    def _some(self, ids):
        return self.chance.choice(ids) if ids else None

    # syncs

    def sync(self, player):
        if self.faults and self.chance.random() < 0.4:
            self._arm(player)
        self._count(exhaust(player.sync_steps()))
        player.disarm()

    def _arm(self, player):
        fault = self.chance.choice(self.faults)
        then = None if fault == "cut" else self._kill
        self.counts[fault + "s"] += 1
        player.arm(self.chance.randrange(REQUESTS), self.chance.choice(["drop", "drop reply"]), then)

    def _kill(self):
        self.server.kill()
        self.server.start()

    def sync_together(self):
        """All devices sync at once: their requests are interleaved, hand-made ones by the seed."""
        self.counts["together"] += 1
        if self.faults and self.chance.random() < 0.3:
            self._arm(self.chance.choice(self.players))
        if self.real:
            for result in together(*[partial(exhaust, player.sync_steps()) for player in self.players]):
                self._count(result)
        else:
            self._interleave([player.sync_steps() for player in self.players])
        for player in self.players:
            player.disarm()

    def _interleave(self, running):
        while running:
            steps = self.chance.choice(running)
            try:
                for _ in range(self.chance.randrange(1, 6)):
                    next(steps)
            except StopIteration as end:
                running.remove(steps)
                self._count(end.value)

    def _count(self, result):
        if isinstance(result, Exception):
            raise result
        self.counts[result] += 1

    # the end

    def settle(self):
        """Undisturbed syncs; all must then hold the same.

        Every finished sync moves `mod`, so there is always a device that has to ask once more.
        """
        for round in range(ROUNDS):
            results = [exhaust(player.sync_steps()) for player in self.players]
            if "failed" in results:
                raise Broken(f"an undisturbed sync failed: {results}")
            first, *others = states = [player.state() for player in self.players]
            if round > 0 and all(state == first for state in others):
                return
        raise Broken(f"no agreement after {ROUNDS} rounds: {apart(states)}")

    def judge(self, kept):
        """`kept` is what the server has in the end."""
        state = self.players[0].state()
        if kept != state:
            raise Broken(f"the server holds something else: {apart([state, kept])}")
        if complaints := self.ledger.complaints(state):
            raise Broken("; ".join(complaints[:5]))


def apart(states):
    """The first entries in which the states differ."""
    first, *others = states
    found = []
    for other in others:
        for table in first:
            keys = first[table].keys() | other[table].keys()
            pairs = {key: (first[table].get(key), other[table].get(key)) for key in keys}
            found += [(table, key, *pair) for key, pair in pairs.items() if pair[0] != pair[1]]
    return found[:5]


def exhaust(steps):
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def play(server, seed, steps, devices=2, faults=()):
    """A history of hand-made devices on a user of its own; its counts."""
    user = server.add_user()
    folder = scratch("history")
    try:
        contents = base()
        wire = Wire(server.url).login(user)
        if wire.upload(files.make(folder, contents)) != "OK":
            raise Broken("the first upload was refused")
        players = [HandMade(server.url, user, contents) for _ in range(devices)]
        history = History(server, players, seed, faults)
        history.play(steps)
        with files.Opened(wire.download(), folder) as file:
            history.judge(state_of(file.rows))
        return history.counts
    finally:
        shutil.rmtree(folder)


def play_real(server, workers, seed, steps, devices=2, faults=()):
    """The same with real devices."""
    world = World(server, workers)
    players = []
    try:
        world.starter()
        players += [Real(server.url, world.device().begin()) for _ in range(devices)]
        history = History(server, players, seed, faults, real=True)
        history.play(steps)
        with files.Opened(world.wire().download(), world.folder) as file:
            history.judge(state_of(file.rows))
        return history.counts
    finally:
        for player in players:
            player.close()
        world.close()


def main():
    options = arguments()
    folder = scratch("histories")
    if options.official:
        server = Official(folder, users=options.count + 10)
    else:
        server = Djankiserv(folder, os.path.abspath(os.environ["DJANKISERV_BIN"]), options.engine)
    workers = Devices()
    failures = 0
    with server:
        for seed in range(options.seed, options.seed + options.count):
            begun = time.monotonic()
            game = dict(seed=seed, steps=options.steps, devices=options.devices, faults=options.faults)
            try:
                counts = play_real(server, workers, **game) if options.real else play(server, **game)
                print(f"seed {seed}: ok, {time.monotonic() - begun:.1f} s, {counts}", flush=True)
            except Exception:  # each seed is judged by itself
                failures += 1
                print(f"seed {seed}: BROKEN\n{traceback.format_exc()}", flush=True)
    workers.end()
    shutil.rmtree(folder)
    print(f"{options.count - failures} of {options.count} histories kept the rules")
    return min(failures, 1)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--count", type=int, default=1, help="how many histories, with one seed each")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--devices", type=int, default=3)
    parser.add_argument("--faults", type=faults, default=[], help="kill, cut, or both with a comma")
    parser.add_argument("--engine", default="sqlite")
    parser.add_argument("--real", action="store_true", help="real clients instead of hand-made ones")
    parser.add_argument("--official", action="store_true", help="judge the official server: the rules must catch it")
    return parser.parse_args()


def faults(text):
    names = [name for name in text.split(",") if name]
    if unknown := set(names) - {"kill", "cut"}:
        raise argparse.ArgumentTypeError(f"no such faults: {unknown}")
    return names


if __name__ == "__main__":
    sys.exit(main())
