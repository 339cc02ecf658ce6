"""What is measured of the media sync: a folder of files that goes up, and then down to a device that has none."""

import io
import json
import random
import zipfile
from dataclasses import dataclass
from functools import cache

from load import Call
from scenarios import Scenario

from wire import CLIENT, compress

ITEMS_PER_ZIP = 25
BYTES_PER_ZIP = 2_621_440  # after this much a client begins another zip
ENTRIES_PER_ANSWER = 1000


@dataclass(frozen=True)
class Folder:
    """Files of random bytes: how many, and from how small to how large."""

    name: str
    files: int
    smallest: int
    largest: int

    def sizes(self):
        return [random.Random(f"{self.name} {n}").randint(self.smallest, self.largest) for n in range(self.files)]

    def names(self, salt):
        return [f"{salt}-{n:05}.bin" for n in range(self.files)]

    @cache  # noqa: B019 a folder lives as long as the benchmark
    def uploads(self, salt):
        """The zips that a client would send."""
        calls, batch, weight = [], [], 0
        for name, size in zip(self.names(salt), self.sizes(), strict=True):
            batch.append((name, size))
            weight += size
            if len(batch) == ITEMS_PER_ZIP or weight >= BYTES_PER_ZIP:
                calls.append(Call("uploadChanges", compress(archive(batch)), "msync"))
                batch, weight = [], 0
        return calls + ([Call("uploadChanges", compress(archive(batch)), "msync")] if batch else [])

    def downloads(self, salt):
        """The requests for as many files as one answer holds."""
        calls, batch, weight = [], [], 0
        for name, size in zip(self.names(salt), self.sizes(), strict=True):
            batch.append(name)
            weight += size
            if len(batch) == ITEMS_PER_ZIP or weight > BYTES_PER_ZIP:
                calls.append(Call.of("downloadFiles", {"files": batch}, "msync"))
                batch, weight = [], 0
        return calls + ([Call.of("downloadFiles", {"files": batch}, "msync")] if batch else [])


def archive(batch):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for index, (name, size) in enumerate(batch):
            target.writestr(str(index), random.Random(name).randbytes(size))
        target.writestr("_meta", json.dumps([[name, str(index)] for index, (name, _) in enumerate(batch)]))
    return buffer.getvalue()


BEGIN = Call.of("begin", {"v": f"anki,{CLIENT}"}, "msync")


class MediaScenario(Scenario):
    """A whole media sync of each user is one operation. Each number of users has files of its own."""

    before = None

    def __init__(self, name, folder, users):
        super().__init__(name, None, users, 1)
        self.folder = folder

    @property
    def salt(self):
        return f"{self.folder.name}-{self.users}"


class MediaUp(MediaScenario):
    def operations(self, account):
        account.media = getattr(account, "media", 0) + self.folder.files
        sane = Call.of("mediaSanity", {"local": account.media}, "msync")
        return [[BEGIN, *self.folder.uploads(self.salt), sane]]


class MediaDown(MediaScenario):
    def operations(self, account):
        pages = [
            Call.of("mediaChanges", {"lastUsn": usn}, "msync")
            for usn in range(account.media - self.folder.files, account.media + 1, ENTRIES_PER_ANSWER)
        ]
        return [[BEGIN, *pages, *self.folder.downloads(self.salt)]]


def media_plan(quick):
    small, large = Folder("small", 10_000, 5_000, 50_000), Folder("large", 50, 2_000_000, 20_000_000)
    if quick:
        small, large = Folder("small", 500, 5_000, 50_000), Folder("large", 4, 2_000_000, 20_000_000)
    return [
        [
            scenario(f"media {way}, {folder.files:,} {folder.name} files", folder, users)
            for users in (1, 8)
            for way, scenario in (("up", MediaUp), ("down", MediaDown))
        ]
        for folder in (small, large)
    ]
