"""Many users at once, two of them with large collections: nobody is refused, and everybody keeps what is theirs."""

from concurrent.futures import ThreadPoolExecutor

import pytest

import files
import rows
from files import Contents
from hand import NEW
from wire import Wire
from world import FIRST

pytestmark = [pytest.mark.faults, pytest.mark.ours]
LARGE, SMALL = 100_000, 50
USERS = 50
ROUNDS = 3


class Person:
    """A user with one device, whose collection has so many notes with a card each."""

    def __init__(self, server, file, count):
        self.wire = Wire(server.url, timeout=300).login(server.add_user())
        self.file, self.count, self.added = file, count, 0

    def upload(self):
        assert self.wire.upload(self.file) == "OK"

    def sync(self, changes):
        """Answers so many cards: as many cards and reviews go up, and nothing comes down."""
        usn, run = 1 + self.added // changes, self.wire.another()
        cards = [rows.card(FIRST + n, mod=rows.LONG_AGO + usn, usn=usn, reps=usn) for n in range(changes)]
        reviews = [rows.review(NEW + self.added + n, FIRST + n, usn=usn) for n in range(changes)]
        run.start(usn, False)
        run.apply_changes()
        assert run.chunks() == {"revlog": [], "cards": [], "notes": []}
        for first in range(0, changes, 250):
            part = slice(first, first + 250)
            run.apply_chunk(cards=cards[part], revlog=reviews[part], done=first + 250 >= changes)
        self.added += changes
        reply = run.sanity([[0, 0, 0], self.count, self.count, self.added, 0, 1, 1, 1])
        assert reply["status"] == "ok", reply
        run.finish()


def collection(folder, count):
    notes = [rows.note(FIRST + number) for number in range(count)]
    cards = [rows.card(FIRST + number, type=2, queue=2, due=number % 900) for number in range(count)]
    folder.mkdir()
    return files.make(folder, Contents(notes=notes, cards=cards))


def test_large_and_small_collections_sync_at_once(own_server, folder):
    warnings = own_server.log_text().count(" warning ")  # about settings
    small, large = collection(folder / "small", SMALL), collection(folder / "large", LARGE)
    with ThreadPoolExecutor(4) as few:
        crowd = list(few.map(lambda _: Person(own_server, small, SMALL), range(USERS)))
        list(few.map(Person.upload, crowd))
    giants = [Person(own_server, large, LARGE) for _ in range(2)]

    def live(person):
        """What a user does; those with a large collection upload it beside all others."""
        if person in giants:
            person.upload()
        for _ in range(ROUNDS):
            person.sync(1_000 if person in giants else 10)
        return person.wire.another().meta()["usn"]

    with ThreadPoolExecutor(USERS + 2) as all_at_once:
        assert list(all_at_once.map(live, giants + crowd)) == [1 + ROUNDS] * (USERS + 2)
    assert own_server.log_text().count(" warning ") == warnings, own_server.log_tail()
