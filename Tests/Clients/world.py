"""A user of a server, the devices of that user, and what all of them must agree on."""

import shutil

import dump
from files import Opened
from places import scratch
from wire import Wire

FIRST = 1_600_000_000_000  # ids of the first notes; 10 apart, cards have the id of their note
NOTES = [FIRST, FIRST + 10, FIRST + 20]


class World:
    def __init__(self, server, devices):
        self.server = server
        self.user = server.add_user()
        self._devices = devices
        self._open = []
        self.folder = scratch("world")

    def device(self, url=None):
        """A new device with an empty collection, logged in."""
        device = self._devices.new(url or self.server.url, self.user)
        self._open.append(device)
        return device

    def starter(self):
        """A device whose first collection is on the server: three notes and a little of everything."""
        a = self.device()
        for number, id in enumerate(NOTES):
            a.add_note(id, [f"front {number}", f"back {number}"], tags=["start"])
        a.add_deck("Top::Sub")
        a.move_cards("Top::Sub", NOTES[2])
        a.add_options("My options")
        a.begin()
        return a

    def pair(self):
        """Two devices with the same collection."""
        return self.starter(), self.device().begin()

    def trio(self):
        return *self.pair(), self.device().begin()

    def wire(self):
        """A hand-made client of the same user."""
        return Wire(self.server.url).login(self.user)

    def kept(self):
        """The dump of what the server has, by a download of a client of its own."""
        with Opened(self.wire().download(), self.folder) as file:
            return dump.dump(file.rows)

    def agree(self, *devices, but_for=()):
        """Syncs all until there is nothing to say; the dump that devices and server agree on."""
        for device in [*devices, *devices]:
            device.sync_normally()
        dumps = [device.dump() for device in devices] + [self.kept()]
        for table in but_for:
            for one in dumps:
                one[table] = []
        for other in dumps[1:]:
            assert dump.difference(dumps[0], other) == []
        assert [device.pending() for device in devices] == [{}] * len(devices)
        return dumps[0]

    def outcome(self, *devices, but_for=()):
        """What they agree on, in words that another run of the story can be compared with."""
        return dump.portable(self.agree(*devices, but_for=but_for))

    def close(self):
        for device in self._open:
            self._devices.release(device)
            shutil.rmtree(device.folder, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)
