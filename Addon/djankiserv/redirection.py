"""How each version of Anki is told the address. `current` says which one, or "": it is asked again for each profile."""

import os
import sys

from . import addresses


def of_this_version(current):
    import anki.sync

    return Constant(current) if hasattr(anki.sync, "RemoteServer") else Environment(current)


class Base(str):
    """Anki writes the number of one of AnkiWeb's hosts into this text, before each request.

    That is the moment to look which profile is open: Anki syncs on opening one before it tells any add-on.
    """

    def __new__(cls, original, current):
        made = super().__new__(cls, original)
        made.current = current
        return made

    def __mod__(self, number):
        return self.current() or super().__mod__(number)


class Constant:
    """Up to 2.1.27: a constant, of which some modules have a copy."""

    MODULES = ("anki.consts", "anki.sync", "aqt.mediasync")

    def __init__(self, current):
        for name in self.MODULES:
            module = sys.modules.get(name)
            if hasattr(module, "SYNC_BASE"):
                module.SYNC_BASE = Base(module.SYNC_BASE, current)

    def update(self):
        pass


class Environment:
    """From 2.1.28 to 2.1.56: two environment variables, which are read anew for each sync."""

    def __init__(self, current):
        self.current = current
        self.own = {name: os.environ.get(name) for name in addresses.variables("")}

    def update(self):
        """Call it when a profile opens, and when its address changes."""
        address = self.current()
        for name, value in (addresses.variables(address) if address else self.own).items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
