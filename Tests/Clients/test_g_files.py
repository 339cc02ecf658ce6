"""Full sync and the files that travel in it (invariants.md G)."""

import sqlite3

import pytest

import dump
import files
import rows
from device import ClientError
from files import Contents, Opened
from hand import N1, NEW, base
from world import FIRST, NOTES

NAMES = ["straße", "STRASSEN", "_under", "[bracket", "`tick", "Zulu", "alpha", "Ärger", "İstanbul", "日本", "👍"]
NAMES += ["ñ", "Ñandu", "ΑΣ", "K\u212a", "e\u0301", "ŉ", "ẞ", "ꭰ", "A b", "A_b", "a-b", "~", "ﬀ", "ﬃ x"]


def test_G1_G5_G7_names_of_every_script_open_on_a_device_that_is_then_not_dirty(world):
    """The client itself checks the file with its own collation (`integrity_check`)."""
    a = world.device()
    for number, name in enumerate(NAMES):
        a.add_deck(f"deck {name}::{name}")
        a.add_notetype(f"type {name}", "Front", name)
        tag = f"tag::{name}".replace(" ", "")
        a.add_note(FIRST + 10 * number, [name, name], deck=f"deck {name}::{name}", tags=[tag])
    a.begin()
    b = world.device().begin()
    assert b.status() == "nothing"
    assert b.pending() == {}
    assert dump.difference(a.dump(), b.dump()) == []
    assert b.check_database()["fine"]


def test_G1_names_that_came_by_a_normal_sync_open_on_a_device(world):
    a = world.starter()
    for name in NAMES:
        a.add_deck(f"deck {name}")
        a.add_tags(f"tag{name}".replace(" ", ""), NOTES[0])
    a.sync_normally()
    b = world.device().begin()
    assert b.status() == "nothing"
    assert dump.difference(a.dump(), b.dump()) == []


def test_G2_a_file_for_v11_is_schema_18_and_not_in_WAL_mode(hand, folder):
    data = hand.wire.download()
    assert data[:16] == b"SQLite format 3\0" and len(data) % 4096 == 0
    with Opened(data, folder) as file:
        assert file.rows("select ver, dty from col") == [[18, 0]]
        assert file.column("pragma integrity_check") == ["ok"]
        texts = file.rows("select conf, models, decks, dconf, tags from col")
        assert texts == [[""] * 5]


@pytest.mark.official_is_wrong("it sends the file in WAL mode, with another ls")
def test_G2_the_header_names_the_rollback_journal_and_ls_is_mod(hand, folder):
    data = hand.wire.download()
    assert data[18:20] == b"\x01\x01"
    with Opened(data, folder) as file:
        assert file.rows("select ls = mod, mod from col") == [[1, hand.contents.mod]]


def test_G3_schema_11_and_18_give_the_same_state(world, worlds):
    a = rich(world.device())
    a.begin()
    with_18 = a.dump()
    old = worlds(world.server)
    a.close_as_schema11()
    with open(a.path, "rb") as file:
        assert old.wire().upload(file.read()) == "OK"
    a.open(a.path, world.server.url)
    with_11 = old.device().begin().dump()
    # An old file has no collapsed tags, and its filtered decks have no description.
    assert dump.difference(with_18, with_11) == []


def rich(device):
    """A collection with everything that has a row of its own."""
    for number, id in enumerate(NOTES):
        device.add_note(id, [f"front {number}", "back"], tags=["a", "b::c"])
    device.add_note(FIRST + 500, ["{{c1::one}} {{c2::two}}", ""], notetype="Cloze", deck="Top::Sub")
    device.add_options("Mine")
    device.edit_options("Mine", maxTaken=33)
    device.use_options("Top::Sub", "Mine")
    device.edit_deck("Top", desc="words", newLimit=7)
    device.answer(NOTES[0], 3)
    device.answer(NOTES[1], 4)
    device.flag(NOTES[2], 3)
    device.set_config("mine", {"deep": [1, 2.5, True, None]})
    device.edit_notetype("Basic", css="body {}", unknown={"k": [1, 2.5]})
    device.add_filtered_deck("Filtered", "deck:Default")
    return device


def test_G4_upload_then_download_gives_the_original(world):
    a = rich(world.device())
    original = a.dump()
    a.begin()
    original["col"] = a.dump()["col"]  # an upload moves scm
    b = world.device().begin()
    assert dump.difference(original, b.dump()) == []
    assert dump.difference(original, world.kept()) == []


def test_G6_no_row_of_an_emitted_file_is_pending(world, folder):
    a = rich(world.device())
    a.begin()
    a.edit_note(NOTES[0], ["changed", "x"])
    a.sync_normally()
    with Opened(world.wire().download(), folder) as file:
        assert dump.pending(file.rows) == {}


ODD_FILES = {
    "texts in number columns": ("update cards set due = 'abc', ivl = '12', factor = 2.5 where id = ?", [N1]),
    "a blob in a text column": ("update notes set flds = x'61001f62' where id = ?", [N1]),
    "negative usn": ("update cards set usn = -1 where id >= ?", [N1]),
    "no collection row": ("delete from col where 1 or ?", [1]),
    "two collection rows": (
        "insert into col select ?, crt, mod, scm, 18, 0, usn, ls, '', '', '', '', '' from col",
        [2],
    ),
    "a real in mod": ("update col set mod = mod + 0.5 where 1 or ?", [1]),
    "a broken deck": ("update decks set kind = x'ffffff' where 1 or ?", [1]),
    "configuration that is no JSON": ("update config set val = x'7b' where 1 or ?", [1]),
    "another table": ("create table more as select ? as one", [1]),
    "a trigger": ("create trigger t after insert on notes begin delete from notes; end", []),
    "a view in place of a table": ("create view tagview as select * from tags", []),
    "notes without notetype": ("update notes set mid = 77 where id = ?", [N1]),
    "wrong field count": ("update notes set flds = 'one' where id = ?", [N1]),
    "huge JSON": ("insert into config values ('huge', 0, 0, ?)", [b'"' + b"x" * 9_000_000 + b'"']),
    "missing table": ("drop table deck_config", []),
    "missing index table": ("drop index ix_cards_nid", []),
    "year 292 million": ("update col set mod = 9223372036854775807 where 1 or ?", [1]),
}  # fmt: skip


@pytest.mark.ours
@pytest.mark.parametrize("name", ODD_FILES)
def test_G8_an_odd_file_is_taken_or_refused_cleanly(hand, folder, name):
    with Opened(files.make(folder, base(usn=8)), folder) as file:
        file.db.execute(*ODD_FILES[name])
        data = file.path.read_bytes()
    before = hand.world.kept()
    reply = hand.wire.call("upload", data)
    assert reply.status == 200 and reply.text
    if reply.text == "OK":
        with Opened(hand.wire.download(), folder) as file:
            assert file.column("pragma integrity_check") == ["ok"]
        hand.usn = hand.stamps()["usn"]
        assert hand.receive()["graves"] == {"cards": [], "notes": [], "decks": []}
    else:
        assert hand.world.kept() == before


def test_G8_a_collection_without_cards_is_taken(hand, folder):
    hand.upload(Contents(usn=3))
    assert hand.stamps()["empty"] is True
    with Opened(hand.wire.download(), folder) as file:
        assert file.column("select count(*) from notes") == [0]


def test_G9_a_fresh_account_is_empty_and_the_first_device_uploads_without_being_asked(world):
    meta = world.wire().meta()
    assert (meta["mod"], meta["usn"], meta["empty"]) == (0, 0, True)
    assert meta["scm"] == world.wire().meta()["scm"] != 0
    a = world.device()
    a.add_note(FIRST, ["front", "back"])
    assert a.sync()["required"] == "upload"


def test_G9_a_fresh_device_on_a_fresh_account_has_nothing_to_do(world):
    assert world.device().sync()["required"] == "nothing"


def test_a_cut_download_leaves_the_device_as_it_was(world, proxied):
    a = world.starter()
    b = world.device(proxied.url)
    b.add_note(FIRST + 900, ["mine", "own"])
    assert b.sync()["required"] == "full"
    proxied.arm(0, "cut reply")
    with pytest.raises(ClientError):
        b.download()
    assert b.query("select id from notes") == [[FIRST + 900]]
    b.download()
    assert dump.difference(a.dump(), b.dump()) == []


def test_a_file_with_every_column_filled_survives(hand, folder):
    card = rows.card(NEW, 5, did=6, ord=7, mod=8, type=2, queue=2, due=9, ivl=10, factor=11, reps=12, lapses=13,
                     left=14, odue=15, odid=16, flags=17, data='{"pos":1}')  # fmt: skip
    review = rows.review(NEW, 5, ease=4, ivl=-6, lastIvl=-7, factor=8, time=9, type=5)
    contents = base(usn=4)
    contents.cards.append(card)
    contents.revlog.append(review)
    hand.upload(contents)
    with Opened(hand.wire.download(), folder) as file:
        kept = file.rows("select * from cards where id = ?", NEW)
        assert rows.changed(kept[0], rows.CARD, usn=0) == rows.changed(card, rows.CARD, usn=0)
        kept = file.rows("select * from revlog where id = ?", NEW)
        assert rows.changed(kept[0], rows.REVLOG, usn=0) == rows.changed(review, rows.REVLOG, usn=0)


def test_the_helper_that_spoils_files_spoils_them(folder):
    with Opened(files.make(folder, base()), folder) as file:
        file.db.execute("drop table deck_config")
        with pytest.raises(sqlite3.OperationalError):
            file.rows("select * from deck_config")
