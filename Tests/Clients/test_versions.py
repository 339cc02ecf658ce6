"""Old and new clients tell the whole story of an account: alone, and mixed with the current one.

CLIENTS names the versions: "quick" (two of them), "all", or a list. versions.py installs them.
"""

import random
import re
import time

import pytest

import versions
from device import ClientError, Device, Worker, together
from places import scratch
from server import User

FIRST = 1_600_000_000_000
NOTES = [FIRST, FIRST + 10, FIRST + 20]
BUSY = "(?i)only one copy|409"
WRONG = "(?i)password|email|badAuth"


def pytest_generate_tests(metafunc):
    if "version" in metafunc.fixturenames:
        metafunc.parametrize("version", versions.wanted())


class Account:
    """A user with devices of several versions, all run by driver.py."""

    def __init__(self, server):
        self.server = server
        self.user = server.add_user()
        self.devices = []

    def device(self, version, url=None, login=True):
        python = versions.python(version)
        device = Device(Worker("driver.py", python), scratch("device"), url or self.server.url)
        self.devices.append(device)
        if login:
            device.login(self.user)
        return device

    def starter(self, version):
        a = self.device(version)
        for number, id in enumerate(NOTES):
            a.add_note(id, [f"front {number}", f"back {number}"], tags=["start"])
        a.add_note(FIRST + 100, ["in a deck", "äöü 日本語 \U0001f600"], deck="Top::Sub deck")
        required = a.sync()["required"]
        assert required in ("upload", "full"), required  # those before `empty` always ask
        a.upload()
        assert a.sync()["required"] == "nothing"
        return a

    def joining(self, version):
        b = self.device(version)
        required = b.sync()["required"]
        assert required in ("download", "full"), required
        b.download()
        return b

    def agree(self, *devices):
        """Syncs all until there is nothing to say; what they agree on."""
        for device in [*devices, *devices]:
            device.sync_normally()
        portraits = [device.portrait() for device in devices]
        for other in portraits[1:]:
            for part in portraits[0]:
                assert portraits[0][part] == other[part], part
        assert [device.pending() for device in devices] == [{}] * len(devices)
        return portraits[0]

    def close(self):
        for device in self.devices:
            device.worker.end()


@pytest.fixture
def account(server):
    account = Account(server)
    yield account
    account.close()


def change_everything(device, number):
    """A bit of everything that a person does; `number` keeps two devices apart."""
    device.add_deck(f"New {number}")  # 2.1.28 to 2.1.35 never send a parent that they make themselves
    device.add_note(FIRST + 1000 * number, [f"new {number}", "x"], deck=f"New {number}::Child", tags=[f"tag{number}"])
    device.edit_note(NOTES[number % 3], [f"edited by {number}", "&amp; <b>more</b>"], tags=["start", "edited"])
    device.flag(NOTES[(number + 1) % 3], number % 4 + 1)
    device.add_deck(f"Made by {number}")
    device.edit_deck(f"Made by {number}", desc=f"words of {number}")
    device.edit_options(maxTaken=40 + number)
    device.edit_notetype("Basic", css=f".card {{ order: {number} }}")
    device.set_config("story", {"by": number, "deep": [1, 2.5, None, True, "x"]})


def tell(account, a, b):
    """The story of two devices that have the same collection."""
    change_everything(a, 1)
    assert a.pending()
    account.agree(a, b)
    # Clients before 2.1.40 do not see a second change of a deck within one second.
    time.sleep(1.01 - time.time() % 1)
    change_everything(b, 2)
    agreed = account.agree(b, a)
    assert {str(FIRST + 1000), str(FIRST + 2000)} <= agreed["notes"].keys()
    assert agreed["config"]["by"] == 2 and agreed["options"]["1"][1] == 42
    # Both at once, on different and on the same things.
    a.edit_note(NOTES[0], ["both: a", "1"])
    b.edit_note(NOTES[0], ["both: b", "2"])
    a.flag(NOTES[1], 3)
    b.flag(NOTES[1], 1)
    account.agree(a, b)
    # Deletions, of notes and of a deck with its cards.
    a.remove_notes(NOTES[0], FIRST + 1000)
    b.remove_deck("Top::Sub deck")
    agreed = account.agree(b, a)
    assert agreed["notes"].keys() == {str(id) for id in (NOTES[1], NOTES[2], FIRST + 2000)}
    # More than one chunk.
    for number in range(130):
        a.add_note(FIRST + 10_000 + 10 * number, [f"many {number}", "x"])
    account.agree(a, b)
    # A change of the schema.
    a.add_field("Basic", "Third")
    assert a.sync()["required"] == "full"
    a.upload()
    assert b.sync()["required"] == "full"
    b.download()
    account.agree(a, b)
    for device in (a, b):
        assert device.check_database()["fine"]


def tell_media(a, b):
    a.write_file("one.txt", b"1".hex())
    a.write_file("caf\u00e9 \u65e5.jpg", bytes(range(256)).hex())
    a.sync_media()
    b.sync_media()
    assert b.files() == a.files() and len(a.files()) == 2
    b.write_file("one.txt", b"replaced".hex())
    b.remove_file("caf\u00e9 \u65e5.jpg")
    for number in range(60):
        b.write_file(f"many {number:02}.bin", random.Random(number).randbytes(2000).hex())
    b.write_file("large.bin", random.Random(-1).randbytes(3 << 20).hex())
    for device in (b, a, b):
        device.sync_media()
    assert a.files() == b.files() and len(a.files()) == 62
    assert a.files()["one.txt"] == b"replaced".hex()


def test_alone(account, version):
    """Two devices of one version, from an empty account to a change of the schema."""
    a = account.starter(version)
    a.answer(NOTES[0], 3)
    b = account.joining(version)
    b.answer(NOTES[1], 4)
    tell(account, a, b)


def test_with_the_current_version(account, version):
    """A device of the version makes the collection, one of the current version joins."""
    a = account.starter(version)
    a.answer(NOTES[0], 3)
    a.sync_normally()
    tell(account, a, account.joining(versions.CURRENT))


def test_joining_the_current_version(account, version):
    """The other way round."""
    a = account.starter(versions.CURRENT)
    a.answer(NOTES[0], 3)
    a.sync_normally()
    tell(account, a, account.joining(version))


def test_media(account, version):
    tell_media(account.starter(version), account.joining(version))


def test_media_with_the_current_version(account, version):
    a, b = account.starter(version), account.joining(versions.CURRENT)
    tell_media(a, b)


def test_messages(account, version, proxied):
    """What goes wrong is shown for what it is."""
    a = account.starter(version)
    stranger = account.device(version, login=False)
    for wrong in (User(account.user.name, "wrong"), User(f"no {account.user.name}", account.user.password)):
        with pytest.raises(ClientError, match=WRONG):
            stranger.login(wrong)
    # Two at once: the later start wins, the other one is told to try again and then succeeds.
    b = account.device(version, url=proxied.url)
    b.sync()
    b.download()
    b.add_note(FIRST + 500, ["by b", "x"])
    a.add_note(FIRST + 600, ["by a", "x"])
    proxied.arm_step("applyChunk", "hold", a.sync_normally)
    with pytest.raises(ClientError, match=BUSY):
        b.sync()
    assert proxied.fired()
    assert {str(FIRST + 500), str(FIRST + 600)} <= account.agree(b, a)["notes"].keys()
    # Counts that differ: nothing of such a sync is kept, and the person is told what to do.
    a.answer(NOTES[0], 3)
    account.agree(a, b)
    a.execute("delete from revlog")
    a.edit_note(NOTES[1], ["lost", "x"])
    with pytest.raises(ClientError, match="(?i)check database|full sync|sanity"):
        a.sync()
    a.force_full_sync()
    assert a.sync()["required"] == "full"
    a.download()
    agreed = account.agree(a, b)
    assert len(agreed["revlog"]) == 1 and agreed["notes"][str(NOTES[1])][4] != "lost\x1fx"


def test_interruptions(account, version, proxied):
    """A connection cut at any request leaves nothing half done."""
    a = account.starter(version)
    b = account.device(version, url=proxied.url)
    b.sync()
    b.download()
    done = set()
    for method in ("start", "applyChanges", "chunk", "applyChunk", "sanityCheck2", "finish"):
        for fault in ("drop", "drop reply", "cut reply"):
            if (method, fault) == ("applyChunk", "cut reply"):
                continue  # clients up to 2.1.40 do not read an answer that says nothing
            id = FIRST + 5000 + 10 * len(done)
            done.add(str(id))
            b.add_note(id, [f"{method} {fault}", "x"])
            proxied.arm_step(method, fault)
            with pytest.raises(ClientError):
                b.sync()
            assert proxied.fired()
            b.sync_normally()
    assert done <= account.agree(a, b)["notes"].keys()


def test_devices_of_all_ages_in_parallel_never_need_a_full_sync(account):
    first, *others = versions.wanted()
    devices = [account.starter(first)]
    devices += [account.joining(version) for version in [versions.CURRENT, *others[:1]]]
    ids = iter(range(FIRST + 20_000, FIRST + 30_000, 10))
    for _ in range(6):
        for device in devices:
            device.add_note(next(ids), ["parallel", "x"])
        for result in together(*[device.sync for device in devices]):
            assert isinstance(result, dict) or re.search(BUSY, result.message), result
    assert len(account.agree(*devices)["notes"]) == 4 + 18
