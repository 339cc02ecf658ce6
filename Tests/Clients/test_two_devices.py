"""Two devices of a user at the same time: the later start wins, the other one tries again."""

import pytest

from device import ClientError, together
from test_cuts import METHODS, change_everything
from world import FIRST, NOTES

BUSY = "(?i)only one copy"


@pytest.mark.parametrize("method", METHODS[2:])
def test_A7_and_H3_the_later_start_wins_and_the_other_is_told_to_try_again(world, proxied, method):
    a, b = world.pair()
    a.set_url(proxied.url)
    change_everything(a)
    b.add_note(FIRST + 2000, ["by b", "x"])
    proxied.arm(METHODS.index(method), "hold", b.sync_normally)
    with pytest.raises(ClientError, match=BUSY):
        a.sync()
    assert proxied.fired()
    a.sync_normally()
    kept = world.agree(b, a)
    assert {str(FIRST + 1000), str(FIRST + 2000)} <= kept["notes"].keys()
    assert str(NOTES[2]) not in kept["notes"]


@pytest.mark.official_is_wrong("rows carry the usn of `meta`: third devices never get them")
def test_a_finish_between_meta_and_start_of_another_device_hides_nothing(world, proxied):
    a, b, c = world.trio()
    a.set_url(proxied.url)
    change_everything(a)
    b.add_note(FIRST + 2000, ["by b", "x"])

    def come_between():
        b.sync_normally()
        c.sync_normally()

    proxied.arm(METHODS.index("start"), "hold", come_between)
    a.sync_normally()
    kept = world.agree(c, b, a)
    assert {str(FIRST + 1000), str(FIRST + 2000)} <= kept["notes"].keys()


def test_H3_devices_in_parallel_never_need_a_full_sync(world):
    a, b, c = devices = world.trio()
    ids = iter(range(FIRST + 10_000, FIRST + 20_000, 10))
    for _ in range(8):
        for device in devices:
            device.add_note(next(ids), ["parallel", "x"])
            device.answer(NOTES[0], 3)
        results = together(*[device.sync for device in devices])
        for result in results:
            if isinstance(result, ClientError):
                assert "one copy" in result.message, result
            else:
                assert result["required"] == "nothing"
    kept = world.agree(a, b, c)
    assert len(kept["notes"]) == 3 + 24
    assert len(kept["revlog"]) == 24


@pytest.mark.official_is_wrong("an upload waits for nobody and ends the sync of another device at once")
def test_A17_a_refused_upload_in_the_middle_of_a_sync_is_harmless(world, proxied):
    a, b = world.pair()
    a.set_url(proxied.url)
    change_everything(a)
    changed = a.dump()
    proxied.arm(METHODS.index("sanityCheck2"), "hold", lambda: world.wire().call("upload", b"garbage"))
    a.sync_normally()
    assert world.agree(a, b) == changed


@pytest.mark.official_is_wrong("a look at `meta` ends the sync of another device")
def test_H1_a_look_from_another_device_in_the_middle_of_a_sync_is_harmless(world, proxied):
    a, b = world.pair()
    a.set_url(proxied.url)
    change_everything(a)
    proxied.arm(METHODS.index("applyChunk"), "hold", lambda: (b.status(), world.wire().download()))
    a.sync_normally()
    world.agree(a, b)


def test_a_new_device_downloads_while_another_one_syncs(world, proxied):
    a = world.starter()
    a.add_notes(FIRST + 1000, 100)
    c = world.device()
    results = together(a.sync, c.begin)
    for result in results:
        assert not isinstance(result, ClientError) or "one copy" in result.message
    world.agree(a, c.begin())
