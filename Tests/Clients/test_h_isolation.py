"""Isolation, concurrency and security (invariants.md H)."""

import secrets
import socket
import threading
import time

import pytest

import files
import rows
from device import together
from files import Contents
from hand import N1, NEW, Hand, base
from server import User
from wire import NO_ARGUMENTS, STEPS, VERSION, Wire, compress

META = {"v": VERSION, "cv": "x"}


def finish_from(hand, run, last):
    for _, act in hand.standard_change(run)[STEPS.index(last) + 1 :]:
        act()


DISTURBANCES = {
    "meta": lambda hand, other: other.meta(),
    "download": lambda hand, other: other.download(),
    "abort": lambda hand, other: other.call("abort"),
    "refused upload": lambda hand, other: other.call("upload", b"garbage"),
    "failed login": lambda hand, other: other.status("hostKey", {"u": hand.world.user.name, "p": "wrong"}),
    "step of no session": lambda hand, other: other.status("chunk"),
    "unknown method": lambda hand, other: other.status("nonsense"),
}


@pytest.mark.official_is_wrong("most calls of another device end the session")
@pytest.mark.parametrize("step", ["start", "applyChunk", "sanityCheck2"])
def test_H1_and_H2_no_call_of_another_device_disturbs_a_running_sync(hand, step):
    other = hand.other()
    run = hand.run_to(step)
    for disturb in DISTURBANCES.values():
        disturb(hand, other)
    finish_from(hand, run, step)
    assert str(NEW) in hand.world.kept()["notes"]


@pytest.mark.official_is_wrong("a new login gives the same key")
def test_H2_an_abort_of_the_same_device_ends_its_sync_whatever_its_session_key(hand):
    """When a person cancels, the client aborts with a new session key (sync-protocol.md 6.10)."""
    run = hand.run_to("applyChunk")
    assert hand.other().call("abort").status == 200
    assert run.status("chunk") == 200
    assert hand.wire.another("other").call("abort").status == 200
    assert run.status("chunk") == 409


def test_H3_of_two_devices_at_once_one_succeeds_and_the_other_on_its_next_try(hand):
    a, b = hand.model(), hand.model()
    a.put("notes", rows.note(NEW))
    b.put("notes", rows.note(NEW + 1))
    first, second = a.steps(), b.steps()
    for _ in range(4):
        next(first)
    for _ in second:
        pass
    with pytest.raises(Exception, match="409"):
        for _ in first:
            pass
    assert a.sync() == "merged" and b.sync() == "merged"
    assert a.shown() == b.shown()
    assert {NEW, NEW + 1} <= a.notes.keys()


def test_H4_users_do_not_block_each_other(hand, worlds, server, folder):
    contents = Contents(usn=3)
    contents.notes = [rows.note(NEW + number) for number in range(60_000)]
    contents.cards = [rows.card(NEW + number) for number in range(60_000)]
    body = files.make(folder, contents)
    busy = worlds(server).wire()
    uploading = threading.Thread(target=lambda: busy.upload(body))
    slowest = 0.0
    uploading.start()
    while uploading.is_alive():
        begun = time.monotonic()
        hand.wire.meta()
        slowest = max(slowest, time.monotonic() - begun)
        time.sleep(0.01)
    uploading.join()
    assert slowest < 1.0


def test_H5_users_never_see_each_others_rows_or_sessions(hand, worlds, server, folder):
    stranger = Hand(worlds(server), folder, base(usn=1))
    run = hand.run_to("applyChunk")
    intruder = stranger.wire.another(run.session)
    assert intruder.status("chunk") == 409
    intruder.call("abort")
    with stranger.unchanged():
        finish_from(hand, run, "applyChunk")
    assert str(NEW) in hand.world.kept()["notes"]
    assert str(NEW) not in stranger.world.kept()["notes"]


@pytest.mark.ours
def test_H6_a_key_is_useless_after_a_password_change(hand, world, server):
    run = hand.begin()
    changed = server.change_password(world.user, "another password")
    time.sleep(1.1)  # other processes are believed for a second (H13)
    assert hand.wire.status("meta", META) == 403
    assert run.status("chunk") == 403
    assert hand.raw().status("hostKey", {"u": changed.name, "p": world.user.password}) == 403
    world.user = changed
    assert hand.raw().login(changed).meta()["usn"] == hand.usn


@pytest.mark.ours
def test_H6_and_H13_a_key_is_useless_a_second_after_the_user_was_deleted(hand, world, server):
    assert hand.wire.status("meta", META) == 200
    server.delete_user(world.user)
    time.sleep(1.1)
    for method in ("meta", "download", "upload", "start"):
        assert hand.wire.status(method, META) == 403, method
    assert hand.raw().status("hostKey", {"u": world.user.name, "p": world.user.password}) == 403


@pytest.mark.official_is_wrong("the key is a hash of name and password")
def test_H7_two_logins_give_different_keys_and_both_work(world):
    one, two = world.wire(), world.wire()
    assert one.key != two.key
    assert one.meta()["mod"] == two.meta()["mod"] == 0


NAMES = ["public", "../x", "a/b", "e-mail@example.org", "ünï cödé", "👩‍👩‍👧", "x" * 190]
NAMES += ["sqlite_master", "a;b'c\"d"]


@pytest.mark.ours
@pytest.mark.parametrize("name", NAMES)
def test_H8_any_user_name_is_safe(server, folder, name):
    unique = f"{name}{secrets.token_hex(3)}"
    user = server.add_user(unique)
    wire = Hand(_WorldOf(server, user), folder).wire
    assert wire.meta()["empty"] is False
    assert unique in server.cli("lsuser").stdout


class _WorldOf:
    """As much of a world as a hand-made device needs, for a user with a chosen name."""

    def __init__(self, server, user):
        self.server, self.user = server, user

    def wire(self):
        return Wire(self.server.url).login(self.user)


ODD_BODIES = [b"", b"\0" * 5000, compress(b"x")[:-2], compress(b"[" * 100_000), compress(b'{"a":' * 50_000)]
ODD_BODIES += [compress(b'{"u":["x"],"p":{}}')]
ODD_BODIES += [b"\x28\xb5\x2f\xfd" + bytes(range(256)), compress(b"null"), compress(b"1e999")]
ODD_BODIES += [compress(b'{"chunk":null}')]
ODD_BODIES += [compress(b'{"minUsn":99999999999999999999,"lnewer":true,"graves":null}')]


@pytest.mark.ours
@pytest.mark.parametrize("method", ["hostKey", "meta", *STEPS, "abort", "upload", "download"])
def test_H9_no_input_makes_the_process_exit(hand, server, method):
    for body in ODD_BODIES:
        reply = hand.wire.send(f"/sync/{method}", body, hand.wire.header())
        assert reply.status < 500, (body[:40], reply.status)
    assert server.is_running()
    assert hand.wire.meta()["cont"] is True


ODD_HEADS = [b"\0" * 500, b"GET", b"POST /sync/meta HTTP/9.9\r\n\r\n", b"x" * 100_000 + b"\r\n\r\n"]


@pytest.mark.ours
@pytest.mark.parametrize("head", ODD_HEADS)
def test_H9_no_head_makes_the_process_exit(hand, server, head):
    with socket.create_connection(("127.0.0.1", server.port), 5) as connection:
        try:
            connection.sendall(head)
            connection.shutdown(socket.SHUT_WR)
            connection.recv(1000)
        except OSError:
            pass  # closing the connection is an answer
    assert hand.wire.meta()["cont"] is True


def bomb(gigabytes, window_log=21):
    """A zstd frame of zeros, made of run-length blocks; one block is 128 KiB."""
    descriptor = bytes([0, (window_log - 10) << 3])
    size, kind = 128 * 1024, 1
    block = (size << 3 | kind << 1).to_bytes(3, "little") + b"\0"
    last = (size << 3 | kind << 1 | 1).to_bytes(3, "little") + b"\0"
    return b"\x28\xb5\x2f\xfd" + descriptor + block * (gigabytes * 8192 - 1) + last


@pytest.mark.ours
@pytest.mark.parametrize("method", ["meta", "applyChunk", "hostKey"])
def test_H10_decompression_of_a_step_is_bounded(hand, server, method):
    run = hand.begin()
    before = server.memory()
    assert run.send(f"/sync/{method}", bomb(10), run.header()).status in (400, 413)
    assert server.memory() - before < 400 << 20


@pytest.mark.ours
def test_H10_decompression_of_an_upload_is_bounded(make_server, worlds, engine, folder):
    server = make_server(engine, DJANKISERV_MAX_UPLOAD_MB="8").start()
    hand = Hand(worlds(server), folder)
    with hand.unchanged():
        reply = hand.wire.send("/sync/upload", bomb(10), hand.wire.header())
        assert reply.status == 200 and reply.text != "OK"
        assert "8" in reply.text, "the text names the limit"
    assert server.memory() < 400 << 20
    server.kill()


@pytest.mark.ours
def test_H10_a_window_of_more_than_8_MiB_is_refused(hand):
    run = hand.begin()
    assert run.send("/sync/meta", bomb(1, window_log=24), run.header()).status == 400


@pytest.mark.ours
def test_H11_passwords_keys_and_contents_never_appear_in_logs(hand, server):
    secret = f"secret{secrets.token_hex(8)}"
    hand.send(hand.counts(notes=1), notes=[rows.note(NEW, flds=f"{secret}\x1f", guid=secret)], tags=[secret])
    run = hand.begin()
    run.status("applyChunk", {"chunk": {"notes": [rows.note(N1, flds=secret)]}})
    hand.raw().status("hostKey", {"u": hand.world.user.name, "p": secret})
    hand.wire.status("meta", META, k=secret)
    log = server.log_text()
    assert secret not in log and hand.wire.key not in log and hand.world.user.password not in log


@pytest.mark.ours
def test_H12_too_many_failed_logins_are_429_and_disturb_no_device(own_server, worlds, folder):
    hand = Hand(worlds(own_server), folder)
    user = hand.world.user
    login = {"u": user.name, "p": user.password}
    wrong = {**login, "p": "wrong"}
    assert [hand.raw().status("hostKey", wrong) for _ in range(10)] == [403] * 10
    assert hand.raw().status("hostKey", wrong) == 429
    assert hand.raw().status("hostKey", login) == 429
    assert hand.wire.status("meta", META) == 200
    other = own_server.add_user()
    assert hand.raw().status("hostKey", {"u": other.name, "p": other.password}) == 200


@pytest.mark.ours
def test_H12_unknown_names_are_counted_alike(own_server):
    unknown = {"u": "nobody", "p": "x"}
    answers = [Wire(own_server.url).status("hostKey", unknown) for _ in range(11)]
    assert answers == [403] * 10 + [429]


@pytest.mark.ours
def test_H12_an_account_is_closed_to_guesses_from_everywhere(own_server):
    user = own_server.add_user()
    wrong = {"u": user.name, "p": "wrong"}
    for number in range(2, 12):
        guesser = Wire(own_server.url, address=f"127.0.0.{number}")
        assert [guesser.status("hostKey", wrong) for _ in range(10)] == [403] * 10
    assert Wire(own_server.url, address="127.0.0.99").status("hostKey", wrong) == 429


@pytest.mark.ours
def test_H13_a_revoked_key_stops_working_within_a_second_of_another_process(hand, world, server):
    assert hand.wire.status("meta", META) == 200
    server.change_password(world.user, "changed")
    world.user = User(world.user.name, "changed")
    deadline = time.monotonic() + 1.1
    while time.monotonic() < deadline:
        if hand.wire.status("meta", META) == 403:
            return
        time.sleep(0.05)
    pytest.fail("the old key still works after a second")


def test_many_devices_of_many_users_at_once(worlds, server, folder):
    hands = [Hand(worlds(server), folder) for _ in range(6)]

    def work(hand):
        model = hand.model()
        for number in range(5):
            model.put("notes", rows.note(NEW + number))
            assert model.sync() == "merged"
        return len(hand.world.kept()["notes"])

    assert together(*[lambda hand=hand: work(hand) for hand in hands]) == [8] * 6


def test_an_unauthenticated_caller_learns_nothing(hand):
    nobody = hand.raw()
    for method in ("meta", "download", "start", "chunk"):
        reply = nobody.call(method, NO_ARGUMENTS)
        assert reply.status in (400, 403) and len(reply.body) < 300
