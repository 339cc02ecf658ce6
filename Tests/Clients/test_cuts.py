"""Cut connections at every request of a real device's sync, before and after the server worked."""

import pytest

from device import ClientError
from wire import STEPS
from world import FIRST, NOTES

METHODS = ["meta", *STEPS]
FAULTS = ["drop", "cut body", "drop reply", "cut reply"]


def change_everything(device):
    """Every request of the next sync has something to say."""
    device.add_note(FIRST + 1000, ["added", "x"], deck="New deck", tags=["added"])
    device.edit_note(NOTES[0], ["edited", "x"])
    device.answer(NOTES[1], 3)
    device.remove_notes(NOTES[2])
    device.edit_notetype("Basic", css="changed")


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("method", METHODS)
def test_A9_a_sync_cut_at_any_request_is_harmless(world, proxied, method, fault):
    a, b = world.pair()
    before = b.dump()
    a.set_url(proxied.url)
    change_everything(a)
    changed = a.dump()
    proxied.arm(METHODS.index(method), fault)
    with pytest.raises(ClientError):
        a.sync()
    assert proxied.fired() and proxied.log[METHODS.index(method)].method == method
    assert a.dump() == changed, "the client takes back what a failed sync brought"
    done = method == "finish" and fault in ("drop reply", "cut reply")
    assert world.kept() == (changed if done else before)
    a.touch()  # a download makes the official server the newer side: its configuration would win
    kept = world.agree(a, b)
    assert kept == changed
    assert len(kept["revlog"]) == 1


@pytest.mark.parametrize("method", ["applyGraves", "applyChanges", "applyChunk"])
def test_A10_a_request_that_arrives_twice_is_harmless(world, proxied, method):
    a, b = world.pair()
    a.set_url(proxied.url)
    change_everything(a)
    changed = a.dump()
    proxied.arm(METHODS.index(method), "duplicate")
    a.sync_normally()
    assert proxied.fired()
    assert world.agree(a, b) == changed


def test_a_cut_upload_leaves_an_empty_account_empty_and_can_be_repeated(world, proxied):
    a = world.device(proxied.url)
    a.add_notes(FIRST, 50)
    assert a.sync()["required"] == "upload"
    for fault in ("drop", "cut body"):
        proxied.arm(0, fault)
        with pytest.raises(ClientError):
            a.upload()
        assert world.wire().meta()["empty"] is True
    assert a.sync()["required"] == "upload"
    a.upload()
    world.agree(a, world.device().begin())


def test_an_upload_whose_answer_is_lost_was_done(world, proxied):
    a = world.device(proxied.url)
    a.add_notes(FIRST, 5)
    a.sync()
    proxied.arm(0, "drop reply")
    with pytest.raises(ClientError):
        a.upload()
    assert world.wire().meta()["empty"] is False
    # The device took back its own new schema: it is asked, as after any full sync.
    assert a.sync()["required"] in ("full", "nothing")
    a.download()
    world.agree(a, world.device().begin())
