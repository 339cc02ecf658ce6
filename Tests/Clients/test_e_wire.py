"""Fidelity and manners of the wire (invariants.md E), by hand-made devices."""

import json
import re

import pytest

import files
import rows
from files import Contents, Opened
from hand import LATER, N1, N2, NEW, OTHER_DECK, Hand, base
from wire import NO_ARGUMENTS, VERSION, compress

BIG = -4027478032341552798
UNKNOWN = {"anInt": 2500, "aFloat": 2500.0, "yes": True, "one": 1, "big": BIG}
UNKNOWN["deep"] = {"list": [1, 1.5, None, {"k": "v"}]}


def holds(sent, got):
    """Whether `got` has all that was sent, with the same kinds of numbers; it may have more keys."""
    if isinstance(sent, dict):
        return isinstance(got, dict) and all(key in got and holds(value, got[key]) for key, value in sent.items())
    if isinstance(sent, list):
        return isinstance(got, list) and len(sent) == len(got) and all(map(holds, sent, got))
    return type(sent) is type(got) and sent == got


def returned(hand, kind, object):
    """The object as another device gets it."""
    new = 0 if object["id"] in (1, OTHER_DECK, rows.BASIC) else 1
    hand.send(hand.counts(**{kind: new}), **{kind: [object]})
    got = hand.receive(0)
    found = {"decks": got["decks"][0], "options": got["decks"][1], "models": got["models"]}[kind]
    return next(other for other in found if other["id"] == object["id"])


OF_NORMAL_DECKS = {"reviewLimit", "newLimit", "reviewLimitToday", "newLimitToday", "extendNew", "extendRev", "conf"}
NORMAL = rows.deck(NEW, "Filtered", LATER, dyn=1)
OBJECTS = {
    "deck": ("decks", rows.deck(NEW, "A::B", LATER, desc="words", newLimit=5, extendNew=3, **UNKNOWN)),
    "filtered deck": (
        "decks",
        {
            **{key: value for key, value in NORMAL.items() if key not in OF_NORMAL_DECKS},
            "terms": [["is:due", 50, 6]], "resched": True, "delays": None, "previewDelay": 10, "separate": True,
            **UNKNOWN,
        },
    ),
    "options": (
        "options",
        rows.options(NEW, "Mine", LATER, new={**rows.options(1, "")["new"], "separate": True, **UNKNOWN}, **UNKNOWN),
    ),
    "notetype": (
        "models",
        rows.notetype(
            NEW, "Type", LATER, tags=["t"], vers=[],
            flds=[rows.field("Front", id=BIG, tag=0, media=[], **UNKNOWN), rows.field("Back", 1)],
            tmpls=[rows.template("Card 1", id=BIG + 1, **UNKNOWN)],
            **UNKNOWN,
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OBJECTS)
def test_E1_and_E2_objects_come_back_equal_with_unknown_keys_at_every_level(hand, name):
    kind, sent = OBJECTS[name]
    got = returned(hand, kind, sent)
    hidden = {"usn", "desc"} if name == "filtered deck" else {"usn"}
    for key, value in sent.items():
        if key not in hidden:
            assert key in got and holds(value, got[key]), (key, value, got.get(key))


@pytest.mark.parametrize("number", [1, 2500, BIG, 2500.0, 0.1, True, None, "text", [], {}, 1e300])
def test_E2_values_of_the_configuration_keep_their_kind(hand, number):
    hand.send(hand.counts(), conf={**hand.contents.config, "value": number}, crt=hand.contents.crt)
    assert holds(number, hand.receive()["conf"]["value"])


def test_E3_short_floats_print_shortest(hand):
    sent = rows.options(NEW, "Floats", LATER, desiredRetention=0.85)
    sent["rev"].update(ease4=1.3, ivlFct=0.9)
    hand.send(hand.counts(options=1), options=[sent])
    run = hand.begin(usn=0)
    text = run.call("applyChanges", {"changes": {"models": [], "decks": [[], []], "tags": []}}).text
    for piece in ('"ease4":1.3', '"ivlFct":0.9', '"desiredRetention":0.85'):
        assert re.search(re.escape(piece).replace(":", r":\s*") + r"[,}]", text), piece


def test_E4_conf_and_crt_come_together_or_not_at_all(hand):
    changes = {"models": [], "decks": [[], []], "tags": []}
    for newer in (True, False):
        run = hand.begin(newer=newer)
        more = {"conf": hand.contents.config, "crt": 1} if newer else {}
        reply = run.ok("applyChanges", {"changes": {**changes, **more}})
        assert ("conf" in reply, "crt" in reply) == (not newer, not newer)
        assert None not in reply.values()


@pytest.mark.parametrize("count", [0, 1, 250, 251])
def test_E5_chunk_lists_are_absent_or_lists_and_done_is_always_there(hand, count):
    hand.send(hand.counts(notes=count), notes=[rows.note(NEW + number) for number in range(count)])
    run = hand.begin(wire=hand.other())
    done = False
    while not done:
        part = run.chunk()
        done = part["done"]
        assert isinstance(done, bool)
        assert all(isinstance(part.get(table, []), list) for table in ("notes", "cards", "revlog"))


def test_E6_sort_field_and_checksum_are_texts(hand):
    hand.send(hand.counts(notes=1), notes=[rows.note(NEW, flags=7, data="x", sfld="12", csum="34")])
    (row,) = hand.receive()["notes"]
    assert row == rows.note(NEW, usn=hand.usn, sfld="", csum="", flags=0, data="")


@pytest.mark.ours
def test_E6_numbers_from_old_clients_are_accepted(hand):
    hand.send(hand.counts(notes=1), notes=[rows.note(NEW, sfld=12, csum=34, mod=1_700_000_000.5)])
    assert hand.receive()["notes"] == [rows.note(NEW, usn=hand.usn, mod=LATER)]


def test_E7_meta_has_every_key_with_the_right_type(hand):
    meta = hand.wire.meta()
    kinds = dict(mod=int, scm=int, usn=int, ts=int, msg=str, cont=bool, hostNum=int, empty=bool, media_usn=int)
    assert {key: type(meta.get(key)) for key in kinds} == kinds
    assert (meta["hostNum"], meta["media_usn"], meta["msg"], meta["cont"]) == (0, 0, "", True)


def test_E9_requests_with_and_without_content_length_work(hand):
    body = compress(json.dumps({"v": VERSION, "cv": "x"}).encode())
    for chunked in (True, False):
        assert hand.wire.send("/sync/meta", body, hand.wire.header(), chunked=chunked).status == 200


def test_E11_replies_name_the_length_before_compression(hand):
    run = hand.wire.another()
    calls = [
        ("meta", {"v": VERSION, "cv": "x"}),
        ("download", NO_ARGUMENTS),
        ("start", {"minUsn": hand.stamps()["usn"], "lnewer": True, "graves": None}),
        ("applyGraves", {"chunk": {"cards": [], "notes": [], "decks": []}}),
        ("applyChanges", {"changes": {"models": [], "decks": [[], []], "tags": []}}),
        ("chunk", NO_ARGUMENTS),
        ("applyChunk", {"chunk": {"done": True}}),
        ("sanityCheck2", {"client": hand.counts()}),
        ("finish", NO_ARGUMENTS),
        ("abort", NO_ARGUMENTS),
        ("upload", files.make(hand.folder, base())),
        ("hostKey", {"u": hand.world.user.name, "p": hand.world.user.password}),
    ]
    for method, payload in calls:
        reply = run.call(method, payload)
        assert (method, reply.status) == (method, 200)
        assert reply.headers["anki-original-size"] == str(len(reply.body)), method


TEXTS = {
    "emoji": "👩‍👩‍👧 🇩🇪",
    "highest of the BMP": "\ufffe\uffff",
    "right to left": "שלום \u202eabc\u202c",
    "combining, decomposed and composed": "e\u0301 \u00e9",
    "trailing spaces": "text   ",
    "highest of all": "\U0010ffff",
    "quotes": "'; drop table notes; -- \" \\ %s",
}


@pytest.mark.parametrize("name", TEXTS)
def test_E12_text_survives(hand, name):
    text = TEXTS[name]
    sent = rows.note(NEW, flds=f"{text}\x1f{text}", guid=text, mod=LATER)
    card = rows.card(NEW, data=json.dumps({"cd": json.dumps({"k": 1})}))
    config = {**hand.contents.config, text: text}
    css = rows.notetype(mod=LATER, css=text)
    hand.send(hand.counts(notes=1, cards=1), notes=[sent], cards=[card], models=[css], conf=config, crt=1)
    got = hand.receive()
    note = dict(zip(rows.NOTE, got["notes"][0]))
    assert (note["flds"], note["guid"]) == (f"{text}\x1f{text}", text)
    assert got["conf"][text] == text and got["models"][0]["css"] == text
    with Opened(hand.wire.download(), hand.folder) as file:
        assert file.rows("select flds, guid from notes where id = ?", NEW) == [[f"{text}\x1f{text}", text]]


@pytest.mark.ours
def test_E12_a_NUL_is_removed_on_every_way_in(hand):
    note = rows.note(NEW, flds="a\0b\x1fc", guid="g\0", tags=" t\0 ")
    changes = dict(decks=[rows.deck(NEW, "de\0ck", LATER)], tags=["tag\0"])
    config = {**hand.contents.config, "k\0": "v\0"}
    hand.send(hand.counts(notes=1, decks=1), notes=[note], conf=config, crt=1, **changes)
    got = hand.receive()
    row = dict(zip(rows.NOTE, got["notes"][0]))
    assert (row["flds"], row["guid"], row["tags"]) == ("ab\x1fc", "g", " t ")
    assert got["decks"][0][0]["name"] == "deck" and got["tags"] == ["tag"] and got["conf"]["k"] == "v"


@pytest.mark.official_is_wrong("a strict JSON parser: 400")
def test_E13_lone_surrogates_become_replacement_characters(hand):
    note = rows.note(NEW, flds="a\ud800b\x1fc", guid="g\udfff")
    hand.send(hand.counts(notes=1), notes=[note], tags=["t\ud834"])
    got = hand.receive()
    row = dict(zip(rows.NOTE, got["notes"][0]))
    assert (row["flds"], row["guid"], got["tags"]) == ("a\ufffdb\x1fc", "g\ufffd", ["t\ufffd"])


def test_E14_a_field_and_a_notetype_of_a_megabyte_travel(hand):
    long = "x" * 1_000_000
    hand.send(
        hand.counts(),
        notes=[rows.note(N1, mod=LATER, flds=long + "\x1f")],
        models=[rows.notetype(mod=LATER, css=long)],
    )
    got = hand.receive()
    assert got["notes"][0][rows.NOTE.index("flds")] == long + "\x1f"
    assert got["models"][0]["css"] == long


def test_E14_a_sync_of_50_000_rows_works_in_both_directions(hand):
    ids = range(NEW, NEW + 25_000)
    run = hand.begin()
    run.apply_changes()
    run.chunks()
    for first in range(0, 25_000, 2500):
        part = ids[first : first + 2500]
        run.apply_chunk(notes=map(rows.note, part), cards=map(rows.card, part), done=False)
    run.apply_chunk()
    assert run.sanity(hand.counts(notes=25_000, cards=25_000))["status"] == "ok"
    run.finish()
    got = hand.receive(hand.usn)
    assert {row[0] for row in got["notes"]} == set(ids) == {row[0] for row in got["cards"]}
    assert len(got["notes"]) == len(got["cards"]) == 25_000


@pytest.mark.ours
def test_E14_memory_does_not_grow_with_the_body(own_server, worlds, folder):
    def exchange(count):
        contents = Contents(usn=1, notes=[rows.note(NEW + n, flds="x" * 2000 + "\x1f") for n in range(count)])
        other = Hand(worlds(own_server), folder, contents)
        assert len(other.wire.download()) > count * 2000
        return own_server.memory()

    small = exchange(1000)
    assert exchange(20_000) - small < 60 << 20


def test_E15_403_only_for_wrong_credentials_and_unknown_keys(hand):
    stranger = hand.raw()
    user = hand.world.user
    for name, password in ((user.name, "wrong"), ("nobody at all", user.password)):
        assert stranger.status("hostKey", {"u": name, "p": password}) == 403
    for method in ("meta", "start", "upload", "download", "finish", "chunk"):
        assert hand.wire.status(method, {"v": VERSION, "cv": "x"}, k="no such key") == 403, method


@pytest.mark.parametrize("version", [0, 7, 12, 99])
def test_E15_501_for_a_version_that_is_not_spoken(hand, version):
    assert hand.wire.status("meta", {"v": version, "cv": "x"}) == 501


@pytest.mark.parametrize("body", [b"", b"not zstd", compress(b"{"), compress(b"[]"), compress(b'{"v":"x","cv":1}')])
def test_E15_400_for_a_malformed_body(hand, body):
    assert hand.wire.send("/sync/meta", body, hand.wire.header()).status == 400


@pytest.mark.parametrize("header", ["", "{}", "no json", "[]", '{"v":11}', '{"v":11,"k":1,"c":"x","s":"y"}'])
def test_E15_400_for_a_malformed_header(hand, header):
    body = compress(json.dumps({"v": VERSION, "cv": "x"}).encode())
    assert hand.wire.send("/sync/meta", body, header).status == 400


@pytest.mark.parametrize("method", ["start", "chunk", "finish"])
def test_E15_400_for_a_step_without_session_key(hand, method):
    payload = {"minUsn": 1, "lnewer": True, "graves": None} if method == "start" else NO_ARGUMENTS
    assert hand.wire.status(method, payload, s="") == 400


WRONG = {
    "start": [{}, {"minUsn": "x", "lnewer": True}, {"minUsn": 1, "lnewer": 5}, []],
    "applyGraves": [{"chunk": 5}, {"chunk": {"cards": ["x"], "notes": [], "decks": []}}],
    "applyChanges": [{}, {"changes": {"models": 1, "decks": [[], []], "tags": []}}, {"changes": []}],
    "applyChunk": [{}, {"chunk": {"notes": [[1, 2]]}}, {"chunk": {"cards": [["a"] * 18]}}],
    "sanityCheck2": [{}],
}


@pytest.mark.parametrize("method, payload", [(method, payload) for method in WRONG for payload in WRONG[method]])
def test_E15_400_for_wrong_types(hand, method, payload):
    with hand.unchanged():
        run = hand.wire.another()
        if method != "start":
            run.start(hand.usn)
        assert run.status(method, payload) == 400


PATHS = ["/sync/meta", "/sync/meta/", "/sync//meta", "//sync/meta", "/meta", "/anki/sync/meta", "/a/b/sync/meta"]
PATHS += ["/sync/sync/meta", "/sync/sync/meta/", "/sync/meta?x=y"]


@pytest.mark.ours
@pytest.mark.parametrize("path", PATHS)
def test_E16_and_E17_every_shape_of_address_reaches_the_method(hand, path):
    body = compress(json.dumps({"v": VERSION, "cv": "x"}).encode())
    reply = hand.wire.send(path, body, hand.wire.header())
    assert reply.status == 200 and reply.json["mod"] == hand.contents.mod


def test_E17_an_unknown_method_is_refused_without_a_redirect(hand):
    assert hand.wire.status("noSuchMethod") in (400, 404)


@pytest.mark.official_is_wrong("it refuses unknown keys where it expects none")
def test_E18_unknown_keys_and_headers_are_ignored(hand):
    body = compress(json.dumps({"v": VERSION, "cv": "x", "more": [1]}).encode())
    header = hand.wire.header(more={"a": 1})
    assert hand.wire.send("/sync/meta", body, header, **{"x-something": "else"}).status == 200
    run = hand.wire.another()
    run.start(hand.usn, more=5)
    run.apply_changes(more=7)
    assert run.ok("chunk", {"whatever": [1, 2, 3]})["done"]
    run.ok("applyChunk", {"chunk": {"done": True, "more": 1}, "more": 2})
    assert run.ok("sanityCheck2", {"client": hand.counts(), "full": True})["status"] == "ok"
    run.ok("finish", {"more": 1})


@pytest.mark.ours
def test_card_data_is_kept_as_it_came(hand):
    text = '{"unknown": [1, 2.50], "pos":5,"s":1.23456789}'
    hand.send(hand.counts(), cards=[rows.card(N2, mod=LATER, data=text)])
    (row,) = hand.receive()["cards"]
    assert row[rows.CARD.index("data")] == text


@pytest.mark.parametrize("value", [2**62, -5, 0])
def test_numbers_of_64_bit_are_exact(hand, value):
    id = NEW + 1 if value == 0 else value
    new = dict(notes=[rows.note(id)], cards=[rows.card(id, did=value)], revlog=[rows.review(id, value)])
    hand.send(hand.counts(notes=1, cards=1, revlog=1), **new)
    got = hand.receive()
    assert got["notes"][0][0] == id
    assert got["cards"][0][:3] == [id, id, value]
    assert got["revlog"][0][:2] == [id, value]
