"""Old clients by hand: AnkiDroid 2.8 to 2.16 and desktop 2.1.0 to 2.1.56 at protocol 8, 9 and 10
(sync-protocol.md 2.4, 6, 7, 11)."""

import gzip
import io
import json
import zipfile

import pytest

import files
import rows
from files import Contents, Opened
from forms import NOTHING, SHAPES, FormWire
from hand import LATER, N1, N2, N3, NEW, OTHER_DECK, Hand, base
from wire import Refused

pytestmark = pytest.mark.ours

LATEST = next(shape for shape in SHAPES if shape.name == "AnkiDroid 2.16.5")
DESKTOP = next(shape for shape in SHAPES if shape.name == "desktop 2.1.49")
V8 = next(shape for shape in SHAPES if shape.version == 8)
V9 = next(shape for shape in SHAPES if shape.version == 9)


def config(version):
    """What a collection of clients of this protocol says of its scheduler."""
    kept = dict(rows.CONFIG)
    if version < 10:
        del kept["creationOffset"], kept["sched2021"]
        kept["schedVer"] = version - 7
    return kept


@pytest.fixture(params=SHAPES, ids=lambda shape: shape.name)
def shape(request):
    return request.param


@pytest.fixture
def hand(world, folder, shape):
    return Hand(world, folder, base(config=config(shape.version)))


@pytest.fixture
def old(hand, shape):
    return client(hand.world, shape)


def client(world, shape):
    return FormWire(world.server.url, shape).login(world.user)


# The whole story of each


def test_it_sees_the_state_of_the_account(hand, old):
    meta = old.meta()
    assert (meta["mod"], meta["usn"], meta["cont"], meta["msg"]) == (hand.contents.mod, 1, True, "")
    assert meta["hostNum"] == 0


def test_it_downloads_schema_11_and_uploads_it(hand, old):
    file = old.download()
    with Opened(file, hand.folder) as opened:
        assert opened.rows("pragma integrity_check") == [["ok"]]
        (ver, mod, ls, decks), = opened.rows("select ver, mod, ls, decks from col")
        assert (ver, ls) == (11, mod) and set(json.loads(decks)) == {"1", str(OTHER_DECK)}
        assert opened.column("select id from notes order by id") == [N1, N2, N3]
        assert not opened.rows("select 1 from sqlite_master where name in ('decks', 'notetypes', 'config')")
    assert file[18:20] == b"\1\1", "no WAL"
    with Opened(hand.wire.download(), hand.folder) as opened:
        assert opened.column("select ver from col") == [18], "each gets what it can open"
    assert old.call("upload", file).body == b"OK"
    before = hand.world.kept()  # messages that were empty say now what that meant
    assert old.call("upload", old.download()).body == b"OK"
    after = hand.world.kept()
    assert {table: after[table] for table in after if table != "col"} == {t: before[t] for t in before if t != "col"}


def test_its_changes_reach_a_new_client_and_back(hand, old, shape):
    run = old.another()
    run.meta()
    graves = {"cards": [N3], "notes": [N3], "decks": []}
    run.start(1, True, graves)
    if not shape.graves_in_start:
        assert run.call("applyGraves", {"chunk": graves}).body == b"null"
    reply = run.apply_changes(decks=[rows.deck(NEW, "By an old one")], tags=["old"], conf=config(shape.version), crt=5)
    assert reply == {"models": [], "decks": [[], []], "tags": []}
    assert run.chunks() == {"revlog": [], "cards": [], "notes": []}
    # Sort field and checksum are numbers here, a table comes at a time, and more than 250 rows at once.
    notes = [rows.note(NEW + n, sfld=n, csum=12345) for n in range(300)]
    assert run.call("applyChunk", {"chunk": {"notes": notes, "done": False}}).body == b"null"
    assert run.call("applyChunk", {"chunk": {"revlog": [rows.review(NEW, N1)[:8]], "done": True}}).body == b"null"
    first, *counts = hand.counts(notes=299, cards=-1, revlog=1, decks=1)
    assert run.sanity([[7, 3, 1], *counts])["status"] == "ok"
    assert run.call("finish").body.isdigit()
    got = hand.receive(1)
    assert got["graves"] == {"cards": [N3], "notes": [N3], "decks": []}
    assert {row[0] for row in got["notes"]} == {row[0] for row in notes}
    assert [deck["name"] for deck in got["decks"][0]] == ["By an old one"] and got["tags"] == ["old"]
    # And back.
    newer = hand.other().another()
    newer.start(2, True)
    newer.apply_changes()
    newer.chunks()
    newer.apply_chunk(notes=[rows.note(N1, mod=LATER, flds="by a new one\x1f")])
    assert newer.sanity([[0, 0, 0], *counts])["status"] == "ok"
    newer.finish()
    run = old.another()
    run.meta()
    assert run.start(2, False) == {"cards": [], "decks": [], "notes": []}
    assert "conf" in run.apply_changes()
    (note,) = run.chunks()["notes"]
    assert note == rows.note(N1, mod=LATER, flds="by a new one\x1f", usn=2)
    assert run.call("abort").body == b"null"


def test_its_media_go_round(hand, old):
    begun = old.media_begin()
    assert begun == {"usn": 0, "sk": old.key}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0", b"first")
        archive.writestr("_meta", json.dumps([["one.txt", "0"], ["gone.txt", ""]]))
    assert old.media("uploadChanges", packed.getvalue()) == [2, 1]
    ((name, usn, digest),) = old.media("mediaChanges", {"lastUsn": 0})
    assert (name, usn, len(digest)) == ("one.txt", 1, 40)
    with zipfile.ZipFile(io.BytesIO(old.media_bytes("downloadFiles", {"files": ["one.txt"]}).body)) as archive:
        assert archive.read("0") == b"first" and json.loads(archive.read("_meta")) == {"0": "one.txt"}
    assert old.media("mediaSanity", {"local": 1}) == "OK"
    assert old.media("mediaSanity", {"local": 2}) == "mediaSanity"
    assert old.meta()["media_usn"] == 1


def test_a_fresh_account_lets_it_upload(world, shape):
    old = client(world, shape)
    meta = old.meta()
    assert meta["cont"] and (meta["mod"], meta["usn"], meta["empty"]) == (0, 0, True) and meta["scm"]


# What is wrong is told


def test_a_wrong_key_is_403_everywhere(world, shape):
    stranger = FormWire(world.server.url, shape, key="no such key")
    for method in ("meta", "start", "chunk", "finish", "abort", "upload", "download"):
        assert stranger.status(method, {"v": shape.version, "cv": "x"}) == 403, method
    assert stranger.status("hostKey", {"u": world.user.name, "p": "wrong"}) == 403
    with pytest.raises(Refused) as refused:
        stranger.media_begin()
    assert refused.value.status == 403


def test_another_sync_is_409_and_a_step_without_a_session_400(hand, old):
    run, other = old.another(), old.another()
    run.start(1)
    other.start(1)
    assert run.status("chunk") == 409
    assert other.call("chunk").json["done"]
    assert old.call("chunk", s="").status == 400
    assert old.status("finish") == 409


def test_an_own_check_that_failed_is_told_as_bad(hand, old):
    run = old.another()
    run.start(1)
    run.apply_changes()
    run.apply_chunk()
    answer = run.sanity("deck had usn = -1")
    assert (answer["status"], answer["c"]) == ("bad", None) and answer["s"][1:4] == [3, 3, 1]
    assert run.status("finish") == 409


def test_an_upload_at_fault_is_told_by_a_text(hand, old):
    with hand.unchanged():
        for file in (b"", b"garbage", gzip.compress(b"x" * 5000)):
            reply = old.call("upload", file)
            assert reply.status == 200 and reply.body != b"OK" and b"upload" in reply.body.lower()
        reply = old.send_form("/sync/upload", {"c": "1", "k": old.key}, gzip.compress(b"x" * 5000)[:-10])
        assert reply.status == 200 and reply.body != b"OK"
        reply = old.send_form("/sync/upload", {"c": "0", "k": old.key}, NOTHING)
        assert reply.status == 200 and b"empty" in reply.body.lower()


# Single quirks


@pytest.fixture
def latest(world, folder):
    return Hand(world, folder), client(world, LATEST)


@pytest.mark.parametrize(
    "graves",
    [None, {}, {"cards": None}, {"cards": [str(N1)], "notes": [str(N2)]}, {"decks": [], "cards": [N1], "notes": [N2]}],
)
def test_graves_of_start_in_every_shape(latest, graves):
    hand, old = latest
    run = old.another()
    run.start(1, True, graves)
    run.apply_changes()
    run.apply_chunk()
    gone = 1 if graves and graves.get("notes") else 0
    assert run.sanity(hand.counts(notes=-gone, cards=-gone))["status"] == "ok"
    run.finish()
    left = {N1, N2, N3} - ({N2} if gone else set())
    with Opened(hand.wire.download(), hand.folder) as file:
        assert set(file.column("select id from notes")) == left


def test_start_without_the_word_graves(latest):
    hand, old = latest
    assert old.another().ok("start", {"minUsn": 1, "lnewer": True})["cards"] == []


@pytest.mark.parametrize("version, status", [(0, 501), (7, 501), (10, 200), (11, 200), (12, 501)])
def test_versions_that_are_served(latest, version, status):
    hand, old = latest
    assert old.status("meta", {"v": version, "cv": "ankidroid,x,"}) == status


@pytest.mark.parametrize(
    "version, keys, word",
    [
        (8, {"schedVer": 2}, "scheduler"), (8, {"schedVer": 1}, None), (8, {}, None),
        (9, {"schedVer": 2}, None), (9, {"schedVer": 2, "creationOffset": -60}, "timezone"),
        (9, {"creationOffset": None}, None), (8, {"creationOffset": 0}, "timezone"),
        (10, {"schedVer": 2, "creationOffset": -60}, None), (11, {"schedVer": 2, "creationOffset": -60}, None),
    ],
)  # fmt: skip
def test_a_collection_that_is_too_new_is_told_so(world, folder, version, keys, word):
    bare = {key: value for key, value in rows.CONFIG.items() if key not in ("schedVer", "creationOffset")}
    Hand(world, folder, base(config={**bare, **keys}))
    meta = client(world, LATEST).ok("meta", {"v": version, "cv": "x"})
    assert meta["cont"] == (word is None)
    assert word is None and meta["msg"] == "" or word in meta["msg"] and "update" in meta["msg"]


def test_H3_a_collection_without_a_card_is_open_to_all(world, folder):
    Hand(world, folder, Contents())
    assert client(world, V8).meta()["cont"] and client(world, V9).meta()["cont"]


@pytest.mark.parametrize("shape", [V8, V9, LATEST, DESKTOP], ids=lambda shape: shape.name)
def test_a_collection_that_it_could_not_open_is_not_downloaded(world, folder, shape):
    Hand(world, folder)  # v2 scheduler and new timezone handling
    old = client(world, shape)
    old.call("meta", {"v": shape.version, "cv": shape.client})
    assert (old.download() == b"upgradeRequired") == (shape.version < 10)


def test_a_download_of_a_fresh_account_is_told_as_too_new_to_the_oldest_only(world):
    assert client(world, V8).download() == b"upgradeRequired"
    assert client(world, V9).download()[:6] == b"SQLite"


@pytest.mark.parametrize("name, keeps_own", [("2.1.28", True), ("2.1.49", False)])
def test_H9_equal_stamps_go_to_whom_the_client_gives_them(world, folder, name, keeps_own):
    hand = Hand(world, folder)
    shape = next(shape for shape in SHAPES if shape.name == f"desktop {name}")
    hand.send(hand.counts(), decks=[rows.deck(OTHER_DECK, "Other", LATER, desc="by the first")])
    run = client(world, shape).another()
    run.meta()  # only this says which client it is
    run.start(1)
    run.apply_changes(decks=[rows.deck(OTHER_DECK, "Other", LATER, desc="by the old one")])
    run.apply_chunk()
    assert run.sanity(hand.counts())["status"] == "ok"
    run.finish()
    (deck,) = [deck for deck in hand.receive(0)["decks"][0] if deck["id"] == OTHER_DECK]
    assert deck["desc"] == ("by the old one" if keeps_own else "by the first")


def test_an_answer_is_bare(latest):
    hand, old = latest
    reply = old.call("meta", {"v": 10, "cv": "x"})
    assert "anki-original-size" not in reply.headers and reply.headers["content-type"] == "application/octet-stream"
    assert "content-encoding" not in reply.headers


def test_bodies_in_chunks_are_as_good(latest):
    hand, old = latest
    body = b"".join(
        [b'--B\r\nContent-Disposition: form-data; name="k"\r\n\r\n', old.key.encode(),
         b'\r\n--B\r\nContent-Disposition: form-data; name="data"\r\n\r\n{"v":10,"cv":"x"}\r\n--B--\r\n']
    )  # fmt: skip
    pieces = iter([body[n : n + 7] for n in range(0, len(body), 7)])
    reply = old._post("/sync/meta", pieces, {"content-type": "multipart/form-data; boundary=B"})
    assert reply.status == 200 and reply.json["usn"] == 1


def test_E14_memory_does_not_grow_with_the_body(own_server, worlds, folder):
    def exchange(count):
        contents = Contents(usn=1, notes=[rows.note(NEW + n, flds="x" * 2000 + "\x1f") for n in range(count)])
        world = worlds(own_server)
        old = client(world, DESKTOP)
        assert old.upload(files.make(folder, contents)) == "OK"
        assert len(old.download()) > count * 2000
        return own_server.memory()

    small = exchange(1000)
    assert exchange(20_000) - small < 60 << 20


@pytest.mark.parametrize("packed", [True, False])
def test_an_upload_beyond_the_limit_names_it(make_server, engine, worlds, packed):
    server = make_server(engine, DJANKISERV_MAX_UPLOAD_MB="1").start()
    old = client(worlds(server), DESKTOP)
    data = bytes(2 << 20)
    fields = {"c": "1" if packed else "0", "k": old.key}
    reply = old.send_form("/sync/upload", fields, gzip.compress(data) if packed else data)
    assert reply.status == 200 and "1 MB" in reply.text
    fields["k"] = "no such key"
    assert old.send_form("/sync/upload", fields, gzip.compress(data) if packed else data).status == 403
    server.kill()
