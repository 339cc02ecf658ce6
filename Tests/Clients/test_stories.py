"""First steps, full syncs and everyday edits with real devices, compared with the official server."""

import pytest

import dump
from device import ClientError
from server import STORES, User
from world import FIRST, NOTES

# Each edit: what must be there before, and what one device then does.
EDITS = {
    "add notes": (None, lambda d: d.add_notes(FIRST + 1000, 7)),
    "add a cloze note": (None, lambda d: d.add_note(FIRST + 1000, ["{{c1::a}} {{c2::b}}", ""], notetype="Cloze")),
    "edit a note": (None, lambda d: d.edit_note(NOTES[0], ["<b>new</b> &amp; front", "new"])),
    "delete notes": (None, lambda d: d.remove_notes(NOTES[0], NOTES[1])),
    "answer good": (None, lambda d: d.answer(NOTES[0], 3)),
    "answer easy, twice": (lambda d: d.answer(NOTES[1], 4), lambda d: d.answer(NOTES[0], 4)),
    "answer again": (lambda d: d.answer(NOTES[1], 4), lambda d: d.answer(NOTES[0], 1)),
    "suspend": (None, lambda d: d.suspend(NOTES[0], NOTES[1])),
    "bury": (None, lambda d: d.bury(NOTES[0])),
    "set a due date": (None, lambda d: d.set_due("3", NOTES[0])),
    "reposition": (None, lambda d: d.reposition(50, *NOTES)),
    "C5 flag": (None, lambda d: d.flag(NOTES[1], 4)),
    "C5 remove a flag": (lambda d: d.flag(NOTES[1], 4), lambda d: d.flag(NOTES[1], 0)),
    "move cards": (None, lambda d: d.move_cards("Elsewhere", NOTES[0], NOTES[1])),
    "add a deck": (None, lambda d: d.add_deck("One::Two::Three")),
    "edit a deck": (None, lambda d: d.edit_deck("Top", desc="**words**", md=True, newLimit=3)),
    "rename a deck with children": (None, lambda d: d.rename_deck("Top", "Renamed")),
    "move a deck": (lambda d: d.add_deck("Shelf"), lambda d: d.rename_deck("Top", "Shelf::Top")),
    "delete a deck with its cards": (None, lambda d: d.remove_deck("Top")),
    "collapse a deck": (None, lambda d: d.edit_deck("Top", collapsed=False)),
    "add options": (None, lambda d: d.add_options("More")),
    "edit options": (None, lambda d: d.edit_options("My options", maxTaken=42, replayq=False)),
    "use options": (None, lambda d: d.use_options("Top", "My options")),
    "add a notetype": (None, lambda d: d.add_notetype("Own", "Word", "Meaning", "Sound")),
    "edit a notetype": (None, lambda d: d.edit_notetype("Basic", css="body { color: red }", latexPre="x")),
    "rename a notetype": (None, lambda d: d.edit_notetype("Basic", name="Fundamental")),
    "edit a template": (None, lambda d: d.edit_template("Basic", qfmt="Q: {{Front}}", bqfmt="{{Front}}")),
    "edit a field": (None, lambda d: d.edit_field("Basic", font="Serif", size=33, rtl=True)),
    "add tags": (None, lambda d: d.add_tags("new parent::child", *NOTES)),
    "set tags of a note": (None, lambda d: d.set_tags(NOTES[0], ["only", "these"])),
    "rename a tag": (None, lambda d: d.rename_tag("start", "begun")),
    "set configuration": (None, lambda d: d.set_config("mine", {"deep": [1, 2.5, True, None, "x"]})),
    "C12 remove configuration": (lambda d: d.set_config("mine", 1), lambda d: d.remove_config("mine")),
    "C16 filtered deck": (None, lambda d: d.add_filtered_deck("Filtered", "deck:Default")),
    "C16 study in a filtered deck": (
        lambda d: d.add_filtered_deck("Filtered", "deck:Default"),
        lambda d: d.answer(NOTES[0], 3),
    ),
    "C16 rebuild a filtered deck": (
        lambda d: d.add_filtered_deck("Filtered", "deck:Default"),
        lambda d: (d.suspend(NOTES[0]), d.rebuild_filtered_deck("Filtered")),
    ),
    "C16 empty a filtered deck": (
        lambda d: d.add_filtered_deck("Filtered", "deck:Default"),
        lambda d: d.empty_filtered_deck("Filtered"),
    ),
    "C16 delete a filtered deck": (
        lambda d: d.add_filtered_deck("Filtered", "deck:Default"),
        lambda d: d.remove_deck("Filtered"),
    ),
}


# Removing a name from the tag list does not travel: not equal by nature.
@pytest.mark.parametrize("name", EDITS)
def test_an_edit_travels_both_ways(compare, world, name):
    """From the device that made the collection to the other one, and from there back."""
    prepare, edit = EDITS[name]

    def story(world, turned=False):
        devices = world.pair()
        editor, other = reversed(devices) if turned else devices
        if prepare is not None:
            prepare(other)
            world.agree(*devices)
        edit(editor)
        assert editor.pending() or "configuration" in name, "the edit changed nothing"
        return world.outcome(editor, other, but_for=["tags"] if name == "rename a tag" else [])

    forth = compare(story)
    assert dump.difference(forth, story(world, turned=True)) == []


def test_login_and_first_upload_and_second_device_downloads(compare):
    def story(world):
        a = world.starter()
        b = world.device()
        assert b.sync()["required"] == "download"
        b.download()
        assert dump.difference(a.dump(), b.dump()) == []
        return world.outcome(a, b)

    compare(story)


@pytest.mark.parametrize("right_name", [True, False])
def test_a_wrong_login_is_told_as_one(world, right_name):
    a = world.device()
    wrong = User(world.user.name, "wrong") if right_name else User("nobody", world.user.password)
    with pytest.raises(ClientError, match="(?i)password|email") as told:
        a.login(wrong)
    assert "AUTH" in told.value.kind
    a.login(world.user)


def test_a_device_with_cards_is_asked_which_side_to_keep(compare):
    def story(world):
        a, b = world.starter(), world.device()
        b.add_note(FIRST + 900, ["other", "collection"])
        assert b.sync()["required"] == "full"
        b.upload()
        assert a.sync()["required"] == "full"
        a.download()
        return world.outcome(a, b)

    compare(story)


def test_changing_the_notetype_of_a_note_asks_for_a_full_sync(compare):
    def story(world):
        a, b = world.pair()
        a.change_notetype(NOTES[0], "Basic (type in the answer)")
        assert a.sync()["required"] == "full"
        a.upload()
        assert b.sync()["required"] == "full"
        b.download()
        return world.outcome(a, b)

    compare(story)


@pytest.mark.parametrize("direction", ["upload", "download"])
def test_a_change_of_the_schema_asks_for_a_full_sync(compare, direction):
    def story(world):
        a, b = world.pair()
        a.add_field("Basic", "Third")
        assert a.sync()["required"] == "full"
        a._call(direction)
        if direction == "upload":
            assert b.sync()["required"] == "full"
            b.download()
        outcome = world.outcome(a, b)
        fields = [key for key in outcome["fields"] if key.startswith("Basic/")]
        assert len(fields) == (3 if direction == "upload" else 2)
        return outcome

    compare(story)


def test_B6_and_C17_a_download_followed_by_normal_syncs_gives_the_same_state(compare):
    def story(world):
        a, b = world.pair()
        a.edit_note(NOTES[0], ["by a", "1"])
        a.sync_normally()
        c = world.device().begin()
        b.answer(NOTES[1], 3)
        c.add_deck("Made by C")
        a.flag(NOTES[2], 2)
        return world.outcome(a, b, c)

    compare(story)


def test_C10_a_device_that_was_away_for_long_gets_everything(world):
    a, b = world.pair()
    for number in range(40):
        a.add_note(FIRST + 2000 + 10 * number, [f"front {number}", "x"])
        if number % 4 == 0:
            a.remove_notes(FIRST + 2000 + 10 * number)
        if number % 5 == 0:
            a.edit_note(NOTES[0], [f"version {number}", "x"])
        a.sync_normally()
    b.edit_note(NOTES[1], ["offline", "edit"])
    world.agree(b, a)
    assert len(b.query("select id from notes")) == 3 + 30


def test_thousands_of_changes_in_one_sync(world):
    a, b = world.pair()
    a.add_notes(FIRST + 10_000, 1200, deck="Many")
    a.remove_notes(*NOTES)
    b.add_notes(FIRST + 100_000, 600)
    world.agree(a, b)
    assert len(a.query("select id from notes")) == 1800


def test_sanity_failure_of_a_real_device_leads_to_a_full_sync(world):
    """Rows that vanish without a grave cannot be told: the counts differ."""
    a, b = world.pair()
    a.execute("delete from revlog")
    a.execute("delete from cards where id = ?", NOTES[0])
    a.edit_note(NOTES[1], ["lost", "x"])
    usn = world.wire().meta()["usn"]
    with pytest.raises(ClientError):
        a.sync()
    assert world.wire().meta()["usn"] == usn
    assert world.kept()["notes"][str(NOTES[1])][4] != "lost\x1fx"
    assert a.sync()["required"] == "full"
    a.download()
    world.agree(a, b)


@pytest.mark.ours
@pytest.mark.durable
@pytest.mark.parametrize("store", STORES)
def test_G10_a_replaced_collection_can_be_had_back_by_every_device(make_server, engine, worlds, store):
    server = make_server(engine, DJANKISERV_MEDIA_STORE=store).start()
    world = worlds(server)
    a, b = world.pair()
    original = a.dump()
    lost = world.device()
    lost.add_note(FIRST + 900, ["a nearly", "empty collection"])
    assert lost.sync()["required"] == "full"
    lost.upload()
    kept = world.server.wait_until_kept(world.user)
    assert (kept["notes"], kept["cards"]) == (3, 3)
    world.server.restore(world.user, kept["number"])
    for device in (a, b, lost):
        assert device.sync()["required"] == "full"
        device.download()
    restored = world.agree(a, b, lost)
    for table in original:
        if table != "col":
            assert restored[table] == original[table], table
    states = [g["state"] for g in world.server.generations(world.user)]
    assert states.count("current") == 1
    assert "all as they should be" in server.cli("media", "check", world.user.name).stdout
    server.kill()


@pytest.mark.ours
def test_the_command_line_knows_the_users(server, world):
    assert world.user.name in server.cli("lsuser").stdout.split()
    assert "lsuser" not in server.cli("lsuser", "--json").stdout
    assert server.cli("adduser", "--password-stdin", world.user.name, text="x", check=False).returncode == 1
