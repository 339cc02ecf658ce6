"""Media files of real devices: folders are equal in the end (invariants.md F)."""

import hashlib
import io
import json
import random
import unicodedata
import zipfile
from pathlib import Path

import pytest

from device import ClientError, together
from proxy import Proxy
from server import STORES
from wire import Refused, compress

METHODS = ["begin", "mediaChanges", "uploadChanges", "downloadFiles", "mediaSanity"]
FAULTS = ["drop", "cut body", "drop reply", "cut reply"]
MIB = 1 << 20


class Folder:
    """The media folder of a device, changed as a person would change it."""

    def __init__(self, device):
        self.device = device
        self.path = Path(device.folder) / "collection.media"

    def write(self, name, data):
        """A new file: one that is written in place is not noticed by clients."""
        self.remove(name)
        (self.path / name).write_bytes(data)

    def remove(self, name):
        (self.path / name).unlink(missing_ok=True)

    def files(self):
        return {file.name: file.read_bytes() for file in self.path.iterdir()}

    def digests(self):
        return {name: hashlib.sha1(data).hexdigest() for name, data in self.files().items()}

    def sync(self):
        self.device.sync_media()


def noise(seed, size):
    return random.Random(seed).randbytes(size)


def agree(*folders):
    """Syncs all until there is nothing to say; the files that all have."""
    for _ in range(3):
        for folder in folders:
            folder.sync()
    for other in folders[1:]:
        assert other.digests() == folders[0].digests()
    return folders[0].digests()


@pytest.fixture(params=STORES)
def store(request):
    return request.param


@pytest.fixture(scope="session")
def media_servers(make_server):
    running = {}

    def get(engine, store):
        key = engine, store
        if key not in running or not running[key].is_running():
            settings = {} if engine == "official" else {"DJANKISERV_MEDIA_STORE": store}
            running[key] = make_server(engine, **settings).start()
        return running[key]

    return get


@pytest.fixture
def server(media_servers, engine, store):
    server = media_servers(engine, store)
    yield server
    assert server.is_running(), f"the server ended: {server.log_tail()}"


@pytest.fixture
def folders(world):
    a, b = world.pair()
    return Folder(a), Folder(b)


@pytest.fixture
def wire(world):
    world.starter()
    return world.wire()


# by hand


def media_zip(*files):
    """The zip of an upload: (name, data) pairs, a deletion without data."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        meta = []
        for index, (name, data) in enumerate(files):
            meta.append([name, None if data is None else str(index)])
            if data is not None:
                archive.writestr(str(index), data)
        archive.writestr("_meta", json.dumps(meta))
    return buffer.getvalue()


def ask(wire, method, payload):
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    reply = wire.send(f"/msync/{method}", compress(raw), wire.header())
    if reply.status != 200:
        raise Refused(method, reply.status, reply.body.decode(errors="replace"))
    return reply


def data(wire, method, payload):
    answer = ask(wire, method, payload).json
    assert answer["err"] == ""
    return answer["data"]


def upload(wire, *files):
    return data(wire, "uploadChanges", media_zip(*files))


def download(wire, *names):
    with zipfile.ZipFile(io.BytesIO(ask(wire, "downloadFiles", {"files": names}).body)) as archive:
        meta = json.loads(archive.read("_meta"))
        return [(meta[index], archive.read(index)) for index in sorted(meta, key=int)]


# stories, also told to the official server


def test_files_are_added_replaced_and_deleted_on_either_side(folders):
    a, b = folders
    a.write("one.txt", b"1")
    a.write("two.bin", bytes(range(256)))
    assert len(agree(a, b)) == 2
    b.write("three.txt", b"33")
    b.write("one.txt", b"replaced by b")
    b.remove("two.bin")
    agree(b, a)
    assert a.files() == {"one.txt": b"replaced by b", "three.txt": b"33"}
    a.remove("three.txt")
    a.write("two.bin", b"back again")
    agree(a, b)
    assert b.files() == {"one.txt": b"replaced by b", "two.bin": b"back again"}


NAMES = [
    "caf\u00e9.jpg", "\u65e5\u672c\u8a9e.mp3", "\U0001f600 smile.png", "with space.txt", "\u05e9\u05dc\u05d5\u05dd.ogg",
    "quote's & co (1).txt", "UPPER.TXT", "upper.txt", "x" * 100 + ".dat", "_underscore.css", "dots.in.name.tar.gz",
    unicodedata.normalize("NFC", "\u1112\u1161\u11ab.txt"), "percent%20.txt", "plus+sign=.txt", "comma,semi;.txt",
    "\u00df\u1e9e.txt", "-dash", "0", "_meta",
]  # fmt: skip


def test_F10_names_of_every_script_go_round(folders):
    a, b = folders
    for number, name in enumerate(NAMES):
        a.write(name, b"content %d" % number)
    a.write("empty.txt", b"")
    a.sync()
    b.sync()
    assert b.files() == {name: b"content %d" % number for number, name in enumerate(NAMES)}
    for name in NAMES[::2]:
        b.remove(name)
    b.sync()
    a.sync()
    assert set(a.files()) == {*NAMES[1::2], "empty.txt"}


def test_F9_a_name_that_is_not_composed_blocks_nobody(folders):
    a, b = folders
    a.write(unicodedata.normalize("NFD", "caf\u00e9.txt"), b"decomposed")
    a.write("good.txt", b"good")
    for folder in (a, b, a, b):
        folder.sync()
    assert b.files()["good.txt"] == b"good"


def test_three_hundred_small_files(folders, world):
    a, b = folders
    for number in range(300):
        a.write(f"many {number:03}.bin", noise(number, 50 + number))
    a.sync()
    b.sync()
    assert len(b.files()) == 300 and b.digests() == a.digests()
    late = Folder(world.device().begin())
    late.sync()
    assert late.digests() == a.digests()


@pytest.mark.parametrize("size", [20 * MIB, 100 * MIB])
def test_a_large_file_goes_round(folders, server, size):
    a, b = folders
    before = server.memory("VmRSS")
    a.write("large.bin", noise(1, size))
    a.write("small.bin", b"small")
    a.sync()
    b.sync()
    assert a.digests() == b.digests() and len(b.files()) == 2
    if server.engine == "sqlite":
        assert server.memory() - before < 40 * MIB, "memory grows with a file"


def test_the_same_file_from_two_devices(folders, server):
    a, b = folders
    for folder in (a, b):
        folder.write("same.txt", b"the same")
    a.sync()
    b.sync()
    assert agree(a, b) == {"same.txt": hashlib.sha1(b"the same").hexdigest()}


def test_one_name_with_other_contents_on_two_devices(folders):
    a, b = folders
    a.write("f.txt", b"of a")
    b.write("f.txt", b"of b")
    a.sync()
    b.sync()
    agree(a, b)
    assert b.files() == {"f.txt": b"of a"}, "the first on the server wins (sync-protocol.md 7.2)"


def test_deleted_here_and_replaced_there(folders):
    a, b = folders
    a.write("f.txt", b"old")
    agree(a, b)
    a.remove("f.txt")
    b.write("f.txt", b"new")
    a.sync()
    b.sync()
    agree(a, b)
    assert a.files() == {"f.txt": b"new"}


def test_two_devices_upload_at_once(folders):
    a, b = folders
    for number in range(60):
        a.write(f"a{number}", noise(number, 3000))
        b.write(f"b{number}", noise(-number - 1, 3000))
    together(a.sync, b.sync)
    assert len(agree(a, b)) == 120


def test_F12_a_full_sync_leaves_media_alone(folders, world):
    a, b = folders
    a.write("f.txt", b"kept")
    agree(a, b)
    before = world.wire().meta()["media_usn"]
    a.device.upload()
    assert world.wire().meta()["media_usn"] == before
    proxy = Proxy(world.server.url)
    try:
        a.device.set_url(proxy.url)
        agree(a, b)
        assert "uploadChanges" not in proxy.methods() and "downloadFiles" not in proxy.methods()
    finally:
        proxy.close()


def test_F13_a_device_that_knows_a_later_usn_converges(folders):
    a, b = folders
    for name in "abc":
        a.write(name, name.encode())
    agree(a, b)
    b.write("d", b"d")
    agree(a, b)
    assert set(a.files()) == set("abcd")


# by hand


def test_F2_the_usn_is_the_same_everywhere(wire):
    for number in range(1, 4):
        upload(wire, (f"f{number}", b"x"), ("f1", b"%d" % number))
        usn = data(wire, "begin", {"v": "anki"})["usn"]
        assert wire.meta()["media_usn"] == usn
        assert max(row[1] for row in data(wire, "mediaChanges", {"lastUsn": 0})) == usn


@pytest.mark.official_is_wrong("it refuses such names for ever")
def test_F9_no_name_is_refused(wire):
    names = ["../x", "a/b", "a\\b", "a\0b", "/etc/x", ".", "..", "", "x" * 256, "cafe\u0301", "con", "\u65e5" * 90]
    for name in names:
        assert upload(wire, (name, b"x"))[0] == 1
        assert upload(wire, (name, None))[0] == 1
    assert upload(wire, ("cafe\u0301", b"new"), ("cafe\u0301", None))[0] == 2
    assert download(wire, "caf\u00e9") == [("caf\u00e9", b"new")]


def test_F7_a_download_ends_after_two_and_a_half_megabytes(wire):
    upload(wire, ("big", noise(1, 3 * MIB)), ("small", b"x"))
    upload(wire, ("half", noise(2, MIB + MIB // 2)), ("other", noise(3, MIB)))
    assert [name for name, _ in download(wire, "big", "small")] == ["big"]
    assert [name for name, _ in download(wire, "small", "big", "half")] == ["small", "big"]
    assert [name for name, _ in download(wire, "half", "other", "small")] == ["half", "other", "small"]


def test_a_file_that_is_not_there_is_a_conflict(wire):
    upload(wire, ("f", b"x"), ("gone", b"x"), ("gone", None))
    for name in ("unknown", "gone", "F"):
        with pytest.raises(Refused) as refused:
            download(wire, "f", name)
        assert refused.value.status == 409
    with pytest.raises(Refused) as refused:
        download(wire, *["f"] * 26)
    assert refused.value.status == 400


def test_a_wrong_key_opens_nothing(wire):
    wire.key = "0" * 40
    for method in METHODS:
        with pytest.raises(Refused) as refused:
            ask(wire, method, {})
        assert refused.value.status == 403


# Bytes in rows are lost only with everything else.
@pytest.mark.ours
@pytest.mark.parametrize("store", ["files"], indirect=True)
def test_F8_a_file_whose_bytes_are_lost_blocks_nobody(folders, world, server):
    a, b = folders
    a.write("lost.txt", b"lost")
    a.write("kept.txt", b"kept")
    a.sync()
    digest = hashlib.sha1(b"lost").hexdigest()
    blobs = list((server.data_root / "blobs").rglob(digest))
    assert len(blobs) == 1
    blobs[0].unlink()
    with pytest.raises(ClientError):
        b.sync()
    b.sync()
    assert b.files() == {"kept.txt": b"kept"}
    assert "all as they should be" in server.cli("media", "check", world.user.name).stdout


@pytest.mark.ours
def test_a_quota_is_shown_to_the_person(make_server, engine, store, worlds):
    server = make_server(engine, DJANKISERV_MEDIA_STORE=store, DJANKISERV_MEDIA_QUOTA_MB="1").start()
    a = Folder(worlds(server).starter())
    a.write("small", b"small")
    a.sync()
    a.write("large", noise(1, 2 * MIB))
    with pytest.raises(ClientError) as error:
        a.sync()
    assert "Check Media" in error.value.message
    server.kill()


@pytest.mark.ours
@pytest.mark.durable
def test_a_check_finds_nothing_wrong_after_all_this(server):
    done = server.cli("media", "check", "--all")
    assert "wrong" not in done.stdout and "changed" not in done.stdout


# interrupted


def busy(world):
    """A device with something to upload, to download and to delete."""
    a, b = world.pair()
    a, b = Folder(a), Folder(b)
    for name in ("both", "deleted"):
        a.write(name, name.encode())
    agree(a, b)
    b.write("from b", noise(1, 20_000))
    b.sync()
    a.write("from a", noise(2, 20_000))
    a.remove("deleted")
    return a, b


EXPECTED = {"both", "from a", "from b"}


class Gate(Proxy):
    """A proxy that fails at the first request of a method."""

    wanted = None

    def arm_method(self, method, fault, then=None):
        self.wanted = method, fault, then

    def enter(self, method, body):
        exchange = super().enter(method, body)[0]
        if self.wanted is None or self.wanted[0] != method:
            return exchange, None, None
        (_, fault, then), self.wanted = self.wanted, None
        return exchange, fault, then


@pytest.mark.faults
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("method", METHODS)
def test_F15_a_sync_cut_at_any_request_is_harmless(world, method, fault):
    a, b = busy(world)
    gate = Gate(world.server.url)
    try:
        a.device.set_url(gate.url)
        gate.arm_method(method, fault)
        with pytest.raises(ClientError):
            a.sync()
        assert gate.wanted is None
        assert set(agree(a, b)) == EXPECTED
    finally:
        gate.close()


@pytest.mark.faults
@pytest.mark.durable
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("method", METHODS)
def test_F15_a_kill_at_any_request_is_harmless(make_server, engine, store, worlds, method, moment):
    settings = {} if engine == "official" else {"DJANKISERV_MEDIA_STORE": store}
    server = make_server(engine, **settings).start()
    world = worlds(server)
    a, b = busy(world)
    gate = Gate(server.url)
    try:
        a.device.set_url(gate.url)
        gate.arm_method(method, {"before": "drop", "after": "drop reply"}[moment], server.kill)
        with pytest.raises(ClientError):
            a.sync()
        assert gate.wanted is None
        server.start()
        assert set(agree(a, b)) == EXPECTED
        if engine != "official":
            assert "all as they should be" in server.cli("media", "check", world.user.name).stdout
    finally:
        gate.close()
        server.kill()
