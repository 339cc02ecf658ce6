"""Atomicity and sessions (invariants.md A), by a hand-made device."""

import threading

import pytest

import files
import rows
from files import Opened
from hand import LATER, N1, N2, NEW, base
from wire import NO_ARGUMENTS, STEPS, compress

BEFORE_FINISH = STEPS[:-1]
APPLY = ["applyGraves", "applyChanges", "applyChunk"]


@pytest.mark.parametrize("step", BEFORE_FINISH)
def test_A1_an_aborted_sync_leaves_no_trace(hand, step):
    with hand.unchanged():
        run = hand.run_to(step)
        assert run.call("abort").json is None


def test_A1_thestandard_change_does_leave_a_trace_when_it_is_finished(hand):
    usn = hand.stamps()["usn"]
    hand.run_to("finish")
    assert hand.stamps()["usn"] == usn + 1
    kept = hand.world.kept()
    for table in ("notes", "cards", "revlog", "decks", "deck_config", "notetypes"):
        assert str(NEW) in kept[table], table
    assert "new" in kept["tags"]


@pytest.mark.parametrize("step", BEFORE_FINISH)
def test_A3_an_abandoned_sync_leaves_no_trace_and_others_can_sync(hand, step):
    before = hand.world.kept()
    abandoned = hand.run_to(step)
    other = hand.other()
    hand.send(hand.counts(), wire=other)
    assert abandoned.status("chunk") == 409
    assert hand.world.kept() == before


@pytest.mark.official_is_wrong("its meta and download end the session")
@pytest.mark.parametrize("step", BEFORE_FINISH)
def test_A4_a_sync_becomes_visible_in_one_step_at_finish(hand, step):
    steps = iter(STEPS)
    before, stamps = hand.world.kept(), hand.stamps()
    run = hand.run_to(step)
    while next(steps) != step:
        pass
    assert hand.stamps() == stamps
    assert hand.world.kept() == before
    finish_thestandard_change(hand, run, steps)
    assert hand.stamps()["usn"] == stamps["usn"] + 1
    assert str(NEW) in hand.world.kept()["notes"]


def finish_thestandard_change(hand, run, steps):
    actions = dict(hand.standard_change(run))
    for step in steps:
        actions[step]()


def test_A5_a_failed_step_closes_the_session_and_rolls_back(hand):
    with hand.unchanged():
        run = hand.run_to("chunk")
        bad = rows.note(NEW + 1, flds="one field only")
        assert run.status("applyChunk", {"chunk": {"done": True, "notes": [bad]}}) == 400
        assert run.status("chunk") == 409


@pytest.mark.official_is_wrong("writes after `bad` go to disk, and its finish counts")
def test_A6_after_bad_nothing_is_kept_and_further_calls_get_409(hand):
    with hand.unchanged():
        run = hand.run_to("applyChunk")
        assert run.sanity(hand.counts(notes=7))["status"] == "bad"
        more = {"chunk": {"done": True, "notes": [rows.note(NEW + 1)]}}
        assert run.status("applyChunk", more) == 409
        assert run.status("finish") == 409


def test_A7_a_new_start_supersedes_the_old_session(hand):
    old = hand.run_to("applyChunk")
    new = hand.begin()
    assert old.status("sanityCheck2", {"client": hand.counts()}) == 409
    assert old.status("finish") == 409
    new.apply_changes()
    new.chunks()
    new.apply_chunk()
    assert new.sanity(hand.counts())["status"] == "ok"
    new.finish()
    assert str(NEW) not in hand.world.kept()["notes"]


@pytest.mark.parametrize("method", [*APPLY, "chunk", "sanityCheck2", "finish"])
def test_A8_only_calls_with_the_sessions_s_are_part_of_it(hand, method):
    run = hand.run_to("chunk")
    stranger = hand.wire.another("zzzzz")
    payloads = {
        "applyGraves": {"chunk": {"cards": [N1], "notes": [], "decks": []}},
        "applyChanges": {"changes": {"models": [], "decks": [[], []], "tags": ["stranger"]}},
        "applyChunk": {"chunk": {"done": True, "notes": [rows.note(NEW + 1)]}},
        "sanityCheck2": {"client": hand.counts()},
    }
    assert stranger.status(method, payloads.get(method, NO_ARGUMENTS)) == 409
    actions = dict(hand.standard_change(run))
    for step in ("applyChunk", "sanityCheck2", "finish"):
        actions[step]()
    kept = hand.world.kept()
    assert str(NEW + 1) not in kept["notes"] and "stranger" not in kept["tags"] and str(N1) in kept["cards"]


@pytest.mark.parametrize("step", STEPS[1:])
def test_A8_a_call_without_session_is_409(hand, step):
    payload = {"client": hand.counts()} if step == "sanityCheck2" else {"chunk": {}}
    if step == "applyChanges":
        payload = {"changes": {"models": [], "decks": [[], []], "tags": []}}
    if step == "applyGraves":
        payload = {"chunk": {"cards": [], "notes": [], "decks": []}}
    if step in ("chunk", "finish"):
        payload = NO_ARGUMENTS
    with hand.unchanged():
        assert hand.wire.another().status(step, payload) == 409


@pytest.mark.parametrize("twice", APPLY)
def test_A10_a_duplicated_request_changes_nothing_more(hand, twice):
    run = hand.wire.another()
    for step, act in hand.standard_change(run):
        act()
        if step == twice:
            act()
    once = hand.world.kept()
    assert len(once["notes"]) == 3 and len(once["cards"]) == 3 and len(once["revlog"]) == 2
    assert once["tags"].count("new") == 1 and len(once["decks"]) == 3


def test_A11_abort_always_answers_200_null(hand):
    fresh = hand.wire.another()
    assert [fresh.call("abort").json for _ in range(3)] == [None] * 3
    run = hand.run_to("applyChunk")
    assert [run.call("abort").json for _ in range(2)] == [None] * 2


def spoiled_files(folder):
    good = files.make(folder, base())
    other = files.connect(":memory:")
    other.execute("create table something (else_ text)")
    return {
        "garbage": b"not a database at all" * 500,
        "another SQLite file": other.serialize(),
        "half of a file": good[: len(good) // 2],
        "a torn page": good[:8192] + b"\xa5" * 4096 + good[12288:],
        "version 12": files.make(folder, base(ver=12)),
        "version 99": files.make(folder, base(ver=99)),
    }


SPOILED = ["garbage", "another SQLite file", "half of a file", "a torn page", "version 12", "version 99"]


@pytest.mark.ours
@pytest.mark.parametrize("name", SPOILED)
def test_A12_a_spoiled_upload_keeps_the_old_collection_and_says_so(hand, folder, name):
    with hand.unchanged():
        reply = hand.wire.call("upload", spoiled_files(folder)[name])
        assert reply.status == 200 and reply.text not in ("OK", "")


@pytest.mark.ours
@pytest.mark.parametrize("name", SPOILED)
def test_A12_a_spoiled_upload_keeps_a_running_session(hand, folder, name):
    run = hand.run_to("applyChunk")
    assert hand.other().upload(spoiled_files(folder)[name]) != "OK"
    actions = dict(hand.standard_change(run))
    actions["sanityCheck2"]()
    actions["finish"]()
    assert str(NEW) in hand.world.kept()["notes"]


@pytest.mark.ours
@pytest.mark.parametrize("tenth", range(1, 10))
def test_A12_an_upload_cut_in_the_middle_keeps_the_old_collection(hand, folder, tenth):
    other = base(usn=5)
    other.notes += [rows.note(NEW + number) for number in range(500)]
    body = compress(files.make(folder, other))
    with hand.unchanged():
        send_a_part(hand.wire, body[: len(body) * tenth // 10])


def send_a_part(wire, part):
    """The body of an upload, broken off."""

    def broken():
        yield part
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        wire.send_pieces("/sync/upload", broken())


@pytest.mark.official_is_wrong("it answers OK and keeps an empty collection")
def test_A13_an_empty_upload_is_refused(hand):
    with hand.unchanged():
        reply = hand.wire.call("upload", b"")
        assert reply.status == 200 and reply.text not in ("OK", "")


@pytest.mark.ours
def test_A13_a_header_page_only_is_refused(hand, folder):
    with hand.unchanged():
        reply = hand.wire.call("upload", files.make(folder, base())[:4096])
        assert reply.status == 200 and reply.text not in ("OK", "")


def test_A14_an_upload_replaces_everything_in_one_step(hand, folder):
    bigger = base(usn=9)
    bigger.notes += [rows.note(NEW + number) for number in range(3000)]
    bigger.cards += [rows.card(NEW + number) for number in range(3000)]
    body = files.make(folder, bigger)
    uploading = threading.Thread(target=lambda: hand.wire.upload(body))
    seen = set()
    uploading.start()
    while uploading.is_alive():
        with Opened(hand.other().download(), folder) as file:
            seen.add(tuple(file.rows("select (select count(*) from notes), (select count(*) from cards)")[0]))
    uploading.join()
    assert seen <= {(3, 3), (3003, 3003)}
    assert len(hand.world.kept()["notes"]) == 3003


@pytest.mark.ours
@pytest.mark.parametrize("step", BEFORE_FINISH[:-1])
def test_A15_finish_before_the_sanity_check_is_400_and_keeps_nothing(hand, step):
    with hand.unchanged():
        run = hand.run_to(step)
        assert run.status("finish") == 400
        assert run.status("chunk") == 409


@pytest.mark.ours
@pytest.mark.parametrize("step", APPLY)
def test_A15_an_apply_call_after_the_sanity_check_needs_a_new_one(hand, step):
    with hand.unchanged():
        run = hand.run_to("sanityCheck2")
        if step == "applyGraves":
            run.apply_graves()
        if step == "applyChanges":
            run.apply_changes()
        if step == "applyChunk":
            run.apply_chunk(notes=[rows.note(N2, mod=LATER)])
        assert run.status("finish") == 400
        assert run.status("chunk") == 409


@pytest.mark.official_is_wrong("it ends the session at the call")
def test_A17_a_running_session_survives_a_refused_upload(hand):
    run = hand.run_to("sanityCheck2")
    assert hand.other().call("upload", b"garbage").text != "OK"
    run.finish()
    assert str(NEW) in hand.world.kept()["notes"]


def test_A17_a_running_session_ends_by_a_successful_upload(hand, folder):
    run = hand.run_to("sanityCheck2")
    assert hand.other().upload(files.make(folder, base(usn=30))) == "OK"
    assert run.status("finish") == 409
    assert hand.stamps()["usn"] == 30
    assert str(NEW) not in hand.world.kept()["notes"]
