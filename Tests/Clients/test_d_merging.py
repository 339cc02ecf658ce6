"""Merge rules (invariants.md D), by hand-made devices."""

import pytest

import rows
from hand import LATER, N1, N2, N3, NEW, OTHER_DECK
from wire import Refused


def fails(hand, act):
    """`act(run)` is answered 400 and the whole sync is gone."""
    with hand.unchanged():
        run = hand.begin()
        with pytest.raises(Refused) as refused:
            act(run)
        assert refused.value.status == 400
        assert run.status("chunk") == 409


def test_D1_the_reply_of_applyChanges_is_collected_before_applying(hand):
    """Else a device would be sent its own rename instead of the other one's."""
    hand.send(hand.counts(), decks=[rows.deck(OTHER_DECK, "Renamed by A", LATER)])
    reply = hand.send(hand.counts(), wire=hand.other(), decks=[rows.deck(OTHER_DECK, "Renamed by B", LATER + 1)])
    assert [deck["name"] for deck in reply["decks"][0]] == ["Renamed by A"]
    assert hand.world.kept()["decks"][str(OTHER_DECK)][0] == "Renamed by B"


def test_D2_and_C14_chunk_never_echoes_what_this_sync_sent(hand):
    hand.send(hand.counts(notes=300), notes=[rows.note(NEW + number) for number in range(300)])
    run = hand.begin(wire=hand.other())
    run.apply_changes(tags=["mine"], decks=[rows.deck(OTHER_DECK, "Mine", LATER)])
    first = run.chunk()
    assert not first["done"]
    run.apply_chunk(notes=[rows.note(NEW + 5000)], cards=[rows.card(N1, mod=LATER)], done=False)
    rest = run.chunks()
    seen = [row[0] for row in first["notes"] + rest["notes"]]
    assert sorted(seen) == [NEW + number for number in range(300)]
    assert rest["cards"] == []


@pytest.mark.parametrize("count", [0, 1, 249, 250, 251, 500, 501])
def test_D3_all_pending_rows_arrive_exactly_once_and_done_comes_last(hand, count):
    a, b, c = (list(range(NEW + kind * 10_000, NEW + kind * 10_000 + count))[kind::3] for kind in range(3))
    hand.send(
        hand.counts(notes=len(a), cards=len(b), revlog=len(c)),
        notes=[rows.note(id) for id in a],
        cards=[rows.card(id) for id in b],
        revlog=[rows.review(id, N1) for id in c],
    )
    run = hand.begin(wire=hand.other(), newer=False)
    run.apply_changes()
    parts = [run.chunk()]
    while not parts[-1]["done"]:
        parts.append(run.chunk())
    for part in parts:  # the official server ends a part after a whole turn of the three tables
        assert sum(len(part.get(table, [])) for table in ("notes", "cards", "revlog")) <= 252
    for table, ids in (("notes", a), ("cards", b), ("revlog", c)):
        assert sorted(row[0] for part in parts for row in part.get(table, [])) == ids


@pytest.mark.parametrize("mod", [LATER, rows.LONG_AGO])
@pytest.mark.parametrize("shape", [dict(fields=("Front", "Back", "More")), dict(templates=("Card 1", "Card 2"))])
def test_D4_a_notetype_of_another_shape_fails_the_whole_sync(hand, mod, shape):
    def act(run):
        run.apply_changes(tags=["lost"], models=[rows.notetype(mod=mod, **shape)])

    fails(hand, act)


def test_D5_an_older_notetype_is_ignored(hand):
    hand.send(hand.counts(), models=[rows.notetype(mod=LATER, css="newer")])
    other = hand.other()
    hand.send(hand.counts(), wire=other, models=[rows.notetype(mod=LATER - 5, css="older")])
    assert [kept["css"] for kept in hand.receive(0)["models"]] == ["newer"]


def test_D6_cards_without_note_and_unknown_decks_are_accepted(hand):
    run = hand.begin()
    run.apply_changes()
    run.chunks()
    run.apply_chunk(cards=[rows.card(NEW, did=999_999)], done=False)
    for _ in range(3):
        run.apply_chunk(revlog=[], done=False)
    run.apply_chunk(notes=[rows.note(NEW)], cards=[rows.card(NEW + 1, nid=12345)])
    assert run.sanity(hand.counts(notes=1, cards=2))["status"] == "ok"
    run.finish()
    kept = hand.world.kept()
    assert kept["cards"][str(NEW)][1] == 999_999 and kept["cards"][str(NEW + 1)][0] == 12345


@pytest.mark.parametrize("columns", [dict(mid=42), dict(flds="one"), dict(flds="a\x1fb\x1fc")])
def test_D7_a_note_that_fits_no_notetype_fails_the_sync(hand, columns):
    def act(run):
        run.apply_changes()
        run.chunks()
        run.apply_chunk(notes=[rows.note(N1, flds="fine\x1ffine", mod=LATER), rows.note(NEW, **columns)])

    fails(hand, act)


def test_D8_a_review_with_an_existing_id_is_ignored(hand):
    before = hand.world.kept()["revlog"]
    hand.send(hand.counts(), revlog=[rows.review(N1 + 5, N1, ease=1, time=9)])
    assert hand.world.kept()["revlog"] == before


def test_D9_graves_do_not_cascade(hand):
    hand.send(hand.counts(notes=-1, decks=-1), graves=dict(notes=[N1], decks=[OTHER_DECK]))
    kept = hand.world.kept()
    assert str(N1) not in kept["notes"] and str(OTHER_DECK) not in kept["decks"]
    assert str(N1) in kept["cards"]
    assert hand.receive()["graves"] == {"cards": [], "notes": [N1], "decks": [OTHER_DECK]}


@pytest.mark.parametrize("graves", [None, {"cards": [], "notes": [], "decks": []}])
def test_D10_no_graves_in_start_are_accepted(hand, graves):
    assert hand.wire.another().start(hand.usn, graves=graves) == {"cards": [], "notes": [], "decks": []}


@pytest.mark.ours
@pytest.mark.parametrize("graves", [{}, {"notes": [N1]}, {"notes": [str(N1)], "cards": [], "decks": None}])
def test_D10_graves_as_texts_and_missing_lists_are_accepted(hand, graves):
    run = hand.wire.another()
    run.start(hand.usn, graves=graves)
    run.apply_changes()
    run.chunks()
    run.apply_chunk()
    gone = len(graves.get("notes", []))
    assert run.sanity(hand.counts(notes=-gone))["status"] == "ok"
    run.finish()
    assert (str(N1) in hand.world.kept()["notes"]) == (gone == 0)


DECK_NAMES = {
    "foo::::baz": "foo::blank::baz",
    "foo:::bar": "foo::bar",
    "foo:::bar:baz: ": "foo::bar:baz",
    "fo\x1fo::ba\nr": "foo::bar",
    " x ::: y::\x1fz:: ": "x::y::z::blank",
    "": "blank",
    "cafe\u0301": "caf\u00e9",
    "OTHER": "OTHER+",
    "default": "default+",
}


@pytest.mark.parametrize("name", DECK_NAMES)
def test_D11_deck_names_are_normalised_and_unique(hand, name):
    hand.send(hand.counts(decks=1), decks=[rows.deck(NEW, name, LATER)])
    kept = {deck["id"]: deck["name"] for deck in hand.receive(0)["decks"][0]}
    assert kept[NEW] == DECK_NAMES[name]
    assert kept[OTHER_DECK] == "Other"


def test_D12_note_tags_are_split_and_joined_only(hand):
    sent = {N1: " B a A b ", N2: "x", N3: "  two\u3000three  "}
    hand.send(hand.counts(), notes=[rows.note(id, tags=tags, mod=LATER) for id, tags in sent.items()])
    kept = {row[0]: row[rows.NOTE.index("tags")] for row in hand.receive()["notes"]}
    assert kept == {N1: " B a A b ", N2: " x ", N3: " two three "}
    assert hand.receive(0)["tags"] == ["base"]


def test_D13_due_counts_and_graves_are_not_compared(hand):
    run = hand.begin()
    counts = hand.counts()
    assert run.sanity([[7, 8, 9], *counts[1:4], 5, *counts[5:]])["status"] == "ok"


@pytest.mark.parametrize("index", [1, 2, 3, 5, 6, 7])
def test_D13_every_other_count_is_compared(hand, index):
    counts = hand.counts()
    counts[index] += 1
    reply = hand.begin().sanity(counts)
    assert reply["status"] == "bad" and reply["c"] == counts


@pytest.mark.official_is_wrong("400, which leaves old clients in an error loop")
def test_D14_a_text_for_the_counts_is_bad_with_200(hand):
    run = hand.begin()
    reply = run.sanity("deck had usn = -1")
    assert reply["status"] == "bad" and reply["c"] is None and len(reply["s"]) == 8
    assert run.status("finish") == 409


def test_D15_sanity_is_judged_inside_the_session(hand):
    run = hand.run_to("applyChunk")
    reply = run.sanity(hand.counts(revlog=1, models=1, decks=1, options=1))
    assert reply["status"] == "ok" and reply["s"][1:4] == [3, 3, 2]


def test_the_newer_side_sends_the_configuration(hand):
    config = {**hand.contents.config, "mine": [1, 2.5, True]}
    del config["timeLim"]
    reply = hand.send(hand.counts(), conf=config, crt=1_400_000_000)
    assert "conf" not in reply and "crt" not in reply
    reply = hand.send(hand.counts())
    assert reply["conf"]["mine"] == [1, 2.5, True] and "timeLim" not in reply["conf"]
    assert reply["crt"] == 1_400_000_000


TAGS = ["Foo", "foo", "FOO::bar", "foo::BAZ::qux", "x y", " lead", "a::", "::", "e\u0301", "ctrl\x01z", ""]
KEPT_TAGS = ["Foo", "Foo::bar", "Foo::BAZ::qux", "xy", "lead", "a::blank", "blank::blank", "\u00e9", "ctrlz", "blank"]


def test_tags_are_normalised_and_take_the_spelling_of_those_there(hand):
    hand.send(hand.counts(), tags=TAGS)
    # "foo::BAZ::qux" finds no "FOO::baz", only "Foo".
    assert sorted(hand.receive(0)["tags"]) == sorted([*KEPT_TAGS, "base"])


TIE = pytest.param(0, True, "incoming", marks=pytest.mark.official_is_wrong("each device keeps its own for good"))
MERGES = [(1, True, "incoming"), TIE, (-1, True, "stored")] + [(later, False, "incoming") for later in (1, 0, -1)]


@pytest.mark.parametrize("later, pending, wins", MERGES)
@pytest.mark.parametrize("table", ["notes", "cards"])
def test_rows_are_merged_by_mod_only_if_pending(hand, table, later, pending, wins):
    """sync-protocol.md 6.7 and H-16: the version of what this device has not seen yet counts."""

    def version(mod, text):
        if table == "notes":
            return {"notes": [rows.note(N1, mod=mod, flds=text + "\x1f")]}
        return {"cards": [rows.card(N1, mod=mod, due={"stored": 5, "incoming": 6}[text])]}

    usn = hand.stamps()["usn"]
    hand.send(hand.counts(), **version(LATER, "stored"))
    second = version(LATER + later, "incoming")
    hand.send(hand.counts(), wire=hand.other(), usn=usn if pending else usn + 1, **second)
    kept = hand.receive(0)[table]
    expected = version(LATER, wins)[table][0]
    column = (rows.NOTE if table == "notes" else rows.CARD).index("flds" if table == "notes" else "due")
    assert [row[column] for row in kept if row[0] == N1] == [expected[column]]


@pytest.mark.parametrize("later, pending, wins", [(1, True, "incoming"), (-1, True, "stored"), (1, False, "incoming")])
@pytest.mark.parametrize("table", ["decks", "options", "models"])
def test_objects_are_merged_by_mod(hand, table, later, pending, wins):
    make = {
        "decks": lambda mod, text: rows.deck(OTHER_DECK, "Other", mod, desc=text),
        "options": lambda mod, text: rows.options(1, text, mod),
        "models": lambda mod, text: rows.notetype(mod=mod, css=text),
    }[table]
    usn = hand.stamps()["usn"]
    hand.send(hand.counts(), **{table: [make(LATER, "stored")]})
    second = {table: [make(LATER + later, "incoming")]}
    hand.send(hand.counts(), wire=hand.other(), usn=usn if pending else usn + 1, **second)
    got = hand.receive(0)
    kept = {"decks": got["decks"][0], "options": got["decks"][1], "models": got["models"]}[table]
    key = {"decks": "desc", "options": "name", "models": "css"}[table]
    assert wins in [object[key] for object in kept]
