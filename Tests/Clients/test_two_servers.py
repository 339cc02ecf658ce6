"""Several servers on one database: no request needs the server that answered the one before."""

import pytest

from device import ClientError, together
from proxy import Proxy
from test_cuts import change_everything
from world import FIRST, NOTES

pytestmark = [pytest.mark.many_servers, pytest.mark.ours]


@pytest.fixture
def pair(make_server, engine):
    first = make_server(engine, DJANKISERV_MEDIA_STORE="rows").start()
    second = make_server(engine, DJANKISERV_MEDIA_STORE="rows", **first.database).start()
    yield first, second
    for server in (first, second):
        assert server.is_running(), f"the server ended: {server.log_tail()}"
        server.kill()


def test_the_steps_of_a_sync_may_go_to_different_servers(pair, worlds):
    first, second = pair
    proxy = Proxy(first.url, second.url)
    try:
        world = worlds(first)
        a, b = world.pair()
        for device in (a, b):
            device.set_url(proxy.url)
        change_everything(a)
        b.add_note(FIRST + 2000, ["by b", "x"])
        for device in (a, b, a):
            device.sync_normally()
        kept = world.agree(a, b)
        assert {str(FIRST + 1000), str(FIRST + 2000)} <= kept["notes"].keys()
        assert str(NOTES[2]) not in kept["notes"]
    finally:
        proxy.close()


def test_a_full_upload_through_one_server_is_seen_by_the_other(pair, worlds):
    first, second = pair
    world = worlds(first)
    a = world.starter()
    b = world.device(second.url).begin()
    b.add_note(FIRST + 3000, ["before", "x"])
    b.sync_normally()
    a.sync_normally()
    change_everything(a)
    a.upload()
    c = world.device(second.url).begin()
    assert c.dump()["notes"].keys() == a.dump()["notes"].keys()


def test_H3_devices_in_parallel_at_different_servers_lose_nothing(pair, worlds):
    first, second = pair
    world = worlds(first)
    devices = world.trio()
    devices[1].set_url(second.url)
    ids = iter(range(FIRST + 10_000, FIRST + 20_000, 10))
    for _ in range(5):
        for device in devices:
            device.add_note(next(ids), ["parallel", "x"])
            device.answer(NOTES[0], 3)
        for result in together(*[device.sync for device in devices]):
            assert not isinstance(result, ClientError) or "one copy" in result.message, result
    kept = world.agree(*devices)
    assert len(kept["notes"]) == 3 + 15
    assert len(kept["revlog"]) == 15


def test_a_user_is_added_beside_two_servers_and_deleted_from_both(pair, worlds):
    first, second = pair
    world = worlds(first)
    a, b = world.starter(), world.device(second.url).begin()
    first.delete_user(world.user)
    for device in (a, b):
        device.add_note(FIRST + 5000, ["late", "x"])
        with pytest.raises(ClientError):
            device.sync()
