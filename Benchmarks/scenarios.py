"""What is measured: each scenario prepares users and says what each of them does."""

import shapes
from load import Call, Job

import rows
from wire import CLIENT, NO_ARGUMENTS, VERSION, Wire

NEW = 1_660_000_000_000
REVIEWS = 20
PENDING = 1000
META = Call.of("meta", {"v": VERSION, "cv": f"anki,{CLIENT}"})
NO_CHANGES = {"changes": {"models": [], "decks": [[], []], "tags": []}}


class Scenario:
    """Operations that `users` users do at once, `times` each, on a collection of a shape."""

    def __init__(self, name, shape, users, times):
        self.name = name
        self.shape = shape
        self.users = users
        self.times = times

    @property
    def before(self):
        """The collection that users have before."""
        return self.shape

    def operations(self, account):
        raise NotImplementedError

    def jobs(self, accounts):
        return [Job(account.wire.url, account.wire.key, self.operations(account)) for account in accounts[: self.users]]


class Account:
    """A user of a server with the collection of a shape, and how many syncs it had."""

    def __init__(self, server, shape=None):
        self.wire = Wire(server.url, timeout=1800).login(server.add_user())
        self.shape = shape
        self.syncs = 0
        self.pending_since = None
        if shape is not None:
            self.upload(shape)

    def upload(self, shape):
        answer = self.wire.send("/sync/upload", shape.body(), self.wire.header(), chunked=False)
        if answer.text != "OK":
            raise RuntimeError(f"the upload was refused: {answer.status} {answer.text}")

    @property
    def usn(self):
        """The server's usn: that of the file, and one more for each sync."""
        return 1 + self.syncs

    def sync(self, since, notes=(), cards=(), revlog=(), pending=0, counts=None):
        """The calls of one normal sync that gets `pending` rows."""
        parts = pending // 250 + 2  # asking once too often is answered with nothing
        chunk = {"notes": list(notes), "cards": list(cards), "revlog": list(revlog), "done": True}
        self.syncs += 1
        return [
            META,
            Call.of("start", {"minUsn": since, "lnewer": False, "graves": None}),
            Call.of("applyChanges", NO_CHANGES),
            *[Call.of("chunk", NO_ARGUMENTS)] * (parts if pending else 1),
            Call.of("applyChunk", {"chunk": chunk}),
            Call.of("sanityCheck2", {"client": counts or self.counts()}),
            Call.of("finish", NO_ARGUMENTS),
        ]

    added = (0, 0, 0)

    def add(self, notes=0, cards=0, reviews=0):
        self.added = tuple(map(sum, zip(self.added, (notes, cards, reviews), strict=True)))

    def counts(self):
        return self.shape.counts(*self.added)


class NoChange(Scenario):
    def operations(self, account):
        return [[META]] * self.times


class SmallSync(Scenario):
    """Twenty reviews: as many cards and review log rows go up, nothing comes down."""

    def operations(self, account):
        return [self._reviews(account) for _ in range(self.times)]

    def _reviews(self, account):
        usn, round = account.usn, account.syncs
        ids = [shapes.card_id(self.shape, (round * REVIEWS + n) % self.shape.cards) for n in range(REVIEWS)]
        cards = [rows.card(id, id, mod=rows.LONG_AGO + round, usn=usn, type=2, queue=2, due=round) for id in ids]
        revlog = [rows.review(NEW + round * REVIEWS + n, id, usn=usn) for n, id in enumerate(ids)]
        account.add(reviews=REVIEWS)
        return account.sync(usn, cards=cards, revlog=revlog)


class SyncDown(Scenario):
    """A device that has not seen the last thousand notes."""

    def jobs(self, accounts):
        for account in accounts[: self.users]:
            if account.pending_since is None:
                self._prepare(account)
        return super().jobs(accounts)

    def _prepare(self, account):
        account.pending_since = usn = account.usn
        new = [rows.note(NEW + n, usn=usn, flds=f"front {n}\x1f" + "words " * 20) for n in range(PENDING)]
        cards = [rows.card(NEW + n, usn=usn) for n in range(PENDING)]
        account.add(notes=PENDING, cards=PENDING)
        run = account.wire.another()
        for call in account.sync(usn, notes=new, cards=cards):
            answer = run.send(f"/sync/{call.method}", call.body, run.header(), chunked=False)
            if answer.status != 200:
                raise RuntimeError(f"{call.method}: {answer.status}")

    def operations(self, account):
        return [account.sync(account.pending_since, pending=2 * PENDING) for _ in range(self.times)]


class Upload(Scenario):
    before = None

    def operations(self, account):
        return [[Call("upload", self.shape.body())]] * self.times


class Download(Scenario):
    """The same file again and again, which a server may keep."""

    def operations(self, account):
        return [[Call.of("download", NO_ARGUMENTS)]] * self.times


class FirstDownload(Download):
    """Nobody has asked for the file before."""

    def jobs(self, accounts):
        for account in accounts[: self.users]:
            account.upload(self.shape)
        return super().jobs(accounts)


def plan(quick):
    """All scenarios, in groups that share their users' collections."""
    if quick:
        users = (1, 8)
        return [
            [
                *[NoChange("no-change check", shapes.SMALL, n, 200) for n in users],
                *[SmallSync("small sync, 7,000 cards", shapes.SMALL, n, 20) for n in users],
                *[SyncDown("1,000 notes down", shapes.SMALL, n, 5) for n in users],
            ],
            [
                *[Upload("upload, 5,000 notes", shapes.QUICK, n, 3) for n in users],
                *[FirstDownload("download, 5,000 notes", shapes.QUICK, n, 1) for n in users],
                *[Download("download again, 5,000 notes", shapes.QUICK, n, 3) for n in users],
            ],
        ]
    return [
        [
            *[NoChange("no-change check", shapes.SMALL, n, 500) for n in (1, 8, 64)],
            *[SmallSync("small sync, 7,000 cards", shapes.SMALL, n, 40) for n in (1, 8, 64)],
            *[SyncDown("1,000 notes down", shapes.SMALL, n, 10) for n in (1, 8)],
        ],
        [SmallSync("small sync, 300,000 cards", shapes.LARGE, n, 40) for n in (1, 8)],
        *[
            [
                *[Upload(f"upload, {name} notes", shape, n, times) for n in (1, 8)],
                *[FirstDownload(f"download, {name} notes", shape, n, 1) for n in (1, 8)],
                *[Download(f"download again, {name} notes", shape, n, times) for n in (1, 8)],
            ]
            for name, shape, times in (("50,000", shapes.MIDDLE, 3), ("200,000", shapes.LARGE, 1))
        ],
    ]
