"""What the owner of the database reads in the views is what the clients know (docs/SQL.md)."""

import json
import os
import secrets
import time
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from device import Devices
from sql import Prompt, Refused, administer
from world import FIRST, NOTES

pytestmark = [pytest.mark.ours, pytest.mark.durable]
SCRIPTS = Path(__file__).parents[2] / "scripts"
ODD = ['a "quoted" word', r"back\slash \u001f \\u001f \n", "<b>x</b> & 'y' %s", "日本語 🎴", "", "{{c1::[1,2]}}"]
DAY = 86_400
VIEWS = ["calendar", "notes", "fields", "cards", "reviews", "days", "decks", "tags", "note_tags"]


@pytest.fixture
def abroad(monkeypatch):
    """Makes devices whose clock shows the time of another place."""
    made = []

    def make(zone):
        monkeypatch.setenv("TZ", zone)
        made.append(Devices())
        return made[-1]

    yield make
    for devices in made:
        devices.end()


def test_notes_have_named_fields_and_tags(world):
    a = world.starter()
    a.add_notetype("Many", *[f"Field {number}" for number in range(len(ODD))])
    a.add_note(FIRST + 1000, ODD, notetype="Many", tags=["one", "two::three"])
    a.sync()
    sql = Prompt(world.server, world.user)
    note = sql.one(f"SELECT * FROM v_notes WHERE note_id = {FIRST + 1000}")
    assert note["notetype"] == "Many" and note["first_field"] == ODD[0] and note["tags"] == "one two::three"
    assert json.loads(note["fields"]) == {f"Field {number}": text for number, text in enumerate(ODD)}
    assert note["created_at"].startswith("2020-09-13 12:26:41")
    rows = sql.ask(f"SELECT ord, field, value FROM v_fields WHERE note_id = {FIRST + 1000} ORDER BY ord")
    assert [tuple(row.values()) for row in rows] == [
        (str(number), f"Field {number}", text) for number, text in enumerate(ODD)
    ]
    assert sql.column("SELECT tag FROM v_note_tags ORDER BY tag") == ["one", "start", "start", "start", "two::three"]
    assert [tuple(row.values()) for row in sql.ask("SELECT tag, notes FROM v_tags ORDER BY tag")] == [
        ("one", "1"), ("start", "3"), ("two::three", "1"),
    ]  # fmt: skip


def test_decks_and_cards_speak_in_words(world):
    a = world.starter()
    a.answer(NOTES[0], 3)
    a.set_due("5", NOTES[1])
    a.flag(NOTES[1], 4)
    a.suspend(NOTES[2])
    a.add_note(FIRST + 1000, ["{{c1::a}} {{c2::b}}", ""], notetype="Cloze", deck="Top")
    a.sync()
    sql = Prompt(world.server, world.user)
    assert sql.ask("SELECT deck, cards FROM v_decks WHERE deck LIKE 'Top%' ORDER BY deck") == [
        {"deck": "Top", "cards": "2"}, {"deck": "Top::Sub", "cards": "1"},
    ]  # fmt: skip
    cards = {row["card_id"]: row for row in sql.ask("SELECT * FROM v_cards")}
    learning, review, suspended, cloze = (cards[str(id)] for id in [*NOTES, FIRST + 1001])
    assert (learning["type"], learning["deck"]) == ("learning", "Default")
    queue, due = a.query("SELECT queue, due FROM cards WHERE id = ?", NOTES[0])[0]
    if queue == 1:
        assert learning["queue"] == "learning"
        assert moment(learning["due_at"]) == datetime.fromtimestamp(due, timezone.utc)
    else:  # shortly before the day ends a step of ten minutes reaches into the next one
        assert (queue, learning["queue"]) == (3, "learning, another day")
    assert (review["type"], review["queue"], review["flag"]) == ("review", "review", "4")
    today = date.fromisoformat(sql.one("SELECT today FROM v_calendar")["today"])
    assert date.fromisoformat(review["due_date"]) == today + timedelta(5)
    assert (float(review["interval_days"]), float(review["ease_percent"])) == (5, 250)
    assert (suspended["type"], suspended["queue"], suspended["deck"]) == ("new", "suspended", "Top::Sub")
    assert suspended["due_date"] is None and suspended["new_position"] is not None
    assert (cloze["notetype"], cloze["template"], cloze["ord"]) == ("Cloze", "Cloze", "1")


def test_a_card_in_a_filtered_deck_keeps_its_own_date_and_home(world):
    a = world.starter()
    a.set_due("3", NOTES[0])
    a.add_filtered_deck("Filtered", "deck:Default")
    a.sync()
    card, calendar = (
        Prompt(world.server, world.user).one(text)
        for text in [f"SELECT * FROM v_cards WHERE card_id = {NOTES[0]}", "SELECT * FROM v_calendar"]
    )
    assert (card["deck"], card["home_deck"]) == ("Filtered", "Default")
    assert date.fromisoformat(card["due_date"]) == date.fromisoformat(calendar["today"]) + timedelta(3)


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "America/Los_Angeles", "UTC"])
def test_days_are_those_of_the_scheduler(server, worlds, abroad, zone):
    """Whatever the time zone and the hour at which a day begins: statistics by day, and days until cards are due."""
    world = worlds(server)
    a = abroad(zone).new(server.url, world.user)
    a.execute(f"update col set crt = crt - {40 * DAY}")
    a.reopen()
    for number in range(6):
        a.add_note(FIRST + number * 10, [f"front {number}", "back"])
    for number, days in enumerate([0, 1, 30, 400]):
        a.set_due(str(days), FIRST + number * 10)
    a.answer(FIRST + 40, 1)
    now = int(time.time() * 1000)
    for number in range(120):  # every five hours, back over 25 days, of every kind and button
        card, kind, ease = FIRST + number % 6 * 10, number % 6, 0 if number % 6 > 3 else number % 4 + 1
        values = (now - 60_000 - number * 18_000_000, card, ease, 5, -600, 2500, 7_000 + number, kind)
        a.execute("insert into revlog values (?, ?, -1, ?, ?, ?, ?, ?, ?)", *values)
    a.begin()
    for rollover in [0, 4, datetime.now(timezone.utc).hour, 23]:
        a.set_config("rollover", rollover)
        a.sync_normally()
        a.reopen()  # an open collection keeps to its day
        compare_days(a, Prompt(server, world.user))
    assert_offset(a, Prompt(server, world.user))
    server.delete_user(world.user)


def compare_days(device, sql):
    today, graphs = device.today(), device.graphs()
    calendar = sql.one("SELECT * FROM v_calendar")
    assert int(calendar["day_number"]) == today["number"]
    first = date.fromisoformat(calendar["today"])
    assert date.fromisoformat(calendar["first_day"]) == first - timedelta(today["number"])
    assert (int(calendar["day_start"]) - today["end"]) % DAY == 0
    found = {}
    for row in sql.ask("SELECT * FROM v_days"):
        offset = (date.fromisoformat(row["study_date"]) - first).days
        found[str(offset)] = row
    assert set(found) == set(graphs["count"])
    for offset, kinds in graphs["count"].items():
        row = found[offset]
        expected = [kinds["learn"], kinds["young"] + kinds["mature"], kinds["relearn"], kinds["filtered"]]
        assert [int(row[name]) for name in ["learning", "review", "relearning", "filtered"]] == expected
        assert int(row["reviews"]) == sum(kinds.values())
        assert float(row["minutes"]) == pytest.approx(sum(graphs["time"][offset].values()) / 60_000, abs=0.051)
    assert sum(int(row["new_cards"]) for row in found.values()) == len(
        device.query("SELECT DISTINCT cid FROM revlog WHERE ease > 0 AND type < 4")
    )
    due = sql.ask("SELECT due_date, count(*) AS cards FROM v_cards WHERE type <> 'new' GROUP BY due_date")
    waiting = {str((date.fromisoformat(row["due_date"]) - first).days): int(row["cards"]) for row in due}
    assert waiting == graphs["due"]


def assert_offset(device, sql):
    """Minutes east of UTC, as the device has told its own."""
    told = device.query("SELECT CAST(val AS text) FROM config WHERE key = 'localOffset'")
    west = json.loads(told[0][0]) if told else 0
    assert int(sql.one("SELECT utc_offset_minutes FROM v_calendar")["utc_offset_minutes"]) == -west


def test_reviews_have_times_and_intervals(world):
    a = world.starter()
    a.answer(NOTES[0], 4)
    a.add_review(FIRST + 5, NOTES[1], ease=1)
    a.sync()
    sql = Prompt(world.server, world.user)
    old = sql.one(f"SELECT * FROM v_reviews WHERE review_id = {FIRST + 5}")
    assert moment(old["reviewed_at"]) == datetime(2020, 9, 13, 12, 26, 40, 5_000, timezone.utc)
    assert (old["kind"], old["button"], float(old["seconds"])) == ("review", "again", 1)
    assert float(old["last_interval_days"]) == pytest.approx(600 / DAY, abs=1e-5) and float(old["interval_days"]) == 1
    assert (float(old["ease_percent"]), old["difficulty_percent"], old["deck"]) == (250, None, "Default")
    new = sql.one(f"SELECT * FROM v_reviews WHERE card_id = {NOTES[0]}")
    assert (new["kind"], new["button"], new["study_date"]) == (
        "learning", "easy", sql.one("SELECT today FROM v_calendar")["today"],
    )  # fmt: skip
    assert abs(moment(new["reviewed_at"]) - datetime.now(timezone.utc)) < timedelta(minutes=10)


def test_the_examples_of_the_page_are_answered(world):
    a = world.starter()
    a.add_note(FIRST + 1000, ["der Hund", "the dog"], tags=["leech"])
    a.answer(NOTES[0], 1)
    a.set_due("5", NOTES[1])
    a.sync()
    page = (Path(__file__).parents[2] / "docs" / "SQL.md").read_text()
    examples = [block.split("```")[0] for block in page.split("```sql\n")[1:]]
    assert len(examples) >= 6
    sql = Prompt(world.server, world.user)
    for example in examples:
        assert sql.ask(example), example


def test_the_page_names_every_view_and_column(world):
    a = world.starter()
    a.answer(NOTES[0], 1)
    a.sync()
    sql = Prompt(world.server, world.user)
    page = (Path(__file__).parents[2] / "docs" / "SQL.md").read_text()
    for view in VIEWS:
        assert f"v_{view}" in page
        columns = sql.header(f"SELECT * FROM v_{view}")
        assert [name for name in columns if f"`{name}`" not in page] == []


def test_odd_numbers_do_not_spoil_a_view(world):
    """Ids and dues that are beyond any calendar: those alone have no date."""
    a = world.starter()
    a.execute("update cards set due = ?, type = 2, queue = 2 where id = ?", -(2**31), NOTES[0])
    a.execute("update cards set due = ?, type = 1, queue = 1 where id = ?", 2**31 - 1, NOTES[1])
    a.execute("insert into revlog values (?, ?, -1, 3, 1, 1, 2500, 1000, 1)", 2**62, NOTES[0])
    a.execute("insert into revlog values (?, ?, -1, 3, 1, 1, 2500, 1000, 1)", -5, NOTES[0])
    a.upload()
    sql = Prompt(world.server, world.user)
    cards = {row["card_id"]: row for row in sql.ask("SELECT * FROM v_cards")}
    assert cards[str(NOTES[0])]["due_date"] is None
    assert cards[str(NOTES[1])]["due_date"].startswith("2038-01-")
    assert len(sql.ask("SELECT * FROM v_reviews")) == 2 and len(sql.ask("SELECT * FROM v_days")) == 2
    assert len(sql.ask("SELECT * FROM v_notes")) == 3


def test_the_name_stays_through_uploads_and_restores(world):
    """The views show what is current as soon as the upload is acknowledged, and under the same name."""
    a = world.starter()
    sql = Prompt(world.server, world.user)
    assert sql.column("SELECT count(*) FROM v_notes") == ["3"]
    a.add_note(FIRST + 1000, ["more", ""])
    a.upload()
    assert sql.column("SELECT count(*) FROM v_notes") == ["4"]
    kept = world.server.wait_until_kept(world.user)  # and the replaced one has gone
    assert sql.column("SELECT count(*) FROM v_notes") == ["4"]
    world.server.restore(world.user, kept["number"])
    assert sql.column("SELECT count(*) FROM v_notes") == ["3"]
    assert Prompt(world.server, world.user).place == sql.place


def test_views_that_were_lost_are_made_again(own_server, worlds):
    world = worlds(own_server)
    world.starter()
    sql = Prompt(own_server, world.user)
    ours = own_server.database.get("DJANKISERV_USERDB_URL", "")
    if own_server.engine == "sqlite":
        os.unlink(sql.place)
    elif own_server.engine == "postgres":
        administer("postgres", f"DROP SCHEMA {sql.place} CASCADE", urlsplit(ours).path[1:])
    else:
        administer("mariadb", f"DROP DATABASE {sql.place}")
    with pytest.raises(Refused):
        sql.ask("SELECT * FROM v_notes")
    own_server.restart()
    deadline = time.monotonic() + 10
    while True:
        try:
            assert sql.column("SELECT count(*) FROM v_notes") == ["3"]
            break
        except Refused:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_a_user_who_is_deleted_leaves_no_views(own_server, worlds):
    world = worlds(own_server)
    world.starter()
    sql = Prompt(own_server, world.user)
    own_server.delete_user(world.user)
    with pytest.raises(Refused):
        sql.ask("SELECT * FROM v_notes")
    assert own_server.engine != "sqlite" or not Path(sql.place).parent.exists()
    assert own_server.cli("views").stdout == ""


def test_a_reader_reads_the_views_and_nothing_else(own_server, worlds):
    """Those of users of today and to come, through a full upload; no tables, no accounts; and changes nothing."""
    early = worlds(own_server)
    a = early.starter()
    login, forget = reader(own_server)
    try:
        late = worlds(own_server)
        late.starter()
        for world in [early, late]:
            sql = Prompt(own_server, world.user, login)
            for view in VIEWS:
                assert sql.ask(f"SELECT * FROM v_{view}") is not None
            assert sql.column("SELECT count(*) FROM v_cards") == ["3"]
        a.add_note(FIRST + 1000, ["more", ""])
        a.upload()
        own_server.wait_until_kept(early.user)
        sql = Prompt(own_server, early.user, login)
        assert sql.column("SELECT count(*) FROM v_cards") == ["4"]
        for forbidden in secrets_and_changes(own_server, sql):
            with pytest.raises(Refused, match="denied|readonly|no such table|cannot|must be owner"):
                sql.ask(forbidden)
    finally:
        forget()


def reader(server):
    """Somebody who may read, made as the documentation says; and what removes them."""
    login = ("reader" + secrets.token_hex(4), "the password")
    if server.engine == "postgres":
        database = urlsplit(server.database["DJANKISERV_USERDB_URL"]).path[1:]
        script = (SCRIPTS / "readers.postgres.sql").read_text()
        making = f"CREATE ROLE {login[0]} LOGIN PASSWORD '{login[1]}' IN ROLE djankiserv_readers;"
        administer("postgres", script + making, "-d", database)
        return (login[0], "the%20password"), lambda: administer("postgres", f"DROP ROLE {login[0]}")
    if server.engine == "mariadb":
        prefix = urlsplit(server.database["DJANKISERV_USERDB_URL"]).path[1:].replace("_", r"\_")
        script = (SCRIPTS / "readers.mariadb.sql").read_text()
        words = {"djankiserv_reader": login[0], "a long one": login[1], r"`djankiserv\_": f"`{prefix}\\_"}
        for word, ours in words.items():
            assert word in script
            script = script.replace(word, ours)
        administer("mariadb", script)
        return login, lambda: administer("mariadb", f"DROP USER {login[0]}@'%'")
    return None, lambda: None


def secrets_and_changes(server, sql):
    """What a reader must not get."""
    if server.engine == "sqlite":
        return ["UPDATE notes SET flds = ''", "DELETE FROM v_cards", "SELECT * FROM account", "CREATE TABLE mine (x)"]
    base, user = sql.place.split("_views_")
    tables = ["accounts.account", "accounts.host_key", f"user_{user}.user_state", f"collection_{user}_2.notes"]
    return [
        *[f"SELECT * FROM {base}_{table}" for table in tables],
        "DELETE FROM v_notes",
        "UPDATE v_notes SET guid = ''",
        f"CREATE TABLE {sql.place}.mine (x integer)",
        f"DROP VIEW {sql.place}.v_notes",
        f"INSERT INTO {base}_collection_{user}_2.tags VALUES ('x', 'x', 0, 0, '')",
    ]


def moment(text):
    """PostgreSQL says where its times are; the others keep them in UTC."""
    found = datetime.fromisoformat(text.replace("+00", "") if text.endswith("+00") else text)
    return found.replace(tzinfo=timezone.utc)
