"""The outbox: notices written with the change they tell of, and sent after it is on disk.

`send` takes each notice that is due by one conditional write, which counts the try and sets the
time of the next; then it is handed to the delivery, and noted as sent. A crash in between sends it
again under the same message id: at least once, and where the delivery keeps files exactly once. A
notice that fails waits longer each time and holds up no other; after some tries it is dead, and
stays so until somebody says otherwise. A person without an address is noted, not passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import NamedTuple

from openets.desk import said as texts
from openets.desk.delivery import Delivery, DeliveryFailed, Letter
from openets.desk.directory import Contact
from openets.desk.notices import Notice
from openets.desk.said import Said
from openets.storage.boundary import boundary
from openets.storage.database import Database

WAITING, SENT, DEAD, NO_ADDRESS = "waiting", "sent", "dead", "no address"
TRIES = 8
FIRST_WAIT = timedelta(minutes=1)  # doubled with each try: the last one after about two hours
MICROSECOND = timedelta(microseconds=1)
TABLES = (
    "CREATE TABLE notice (number {id} PRIMARY KEY, origin TEXT NOT NULL UNIQUE,"
    " person {id} NOT NULL, said TEXT NOT NULL, written {id} NOT NULL, state TEXT NOT NULL,"
    " tries {id} NOT NULL, next_try {id} NOT NULL, problem TEXT NOT NULL)",
    "CREATE INDEX notice_state ON notice (state, next_try)",
)
_COLUMNS = "number, person, said, written, state, tries, next_try, problem"


class Kept(NamedTuple):
    """A notice in the outbox; instants in microseconds. `problem` is why the last try failed."""

    number: int
    person: int
    said: Said
    written: int
    state: str
    tries: int
    next_try: int
    problem: str


class Outbox:
    """The outbox in the desk's database; `identity` is the desk's, for the message ids."""

    def __init__(self, database: Database, identity: str) -> None:
        self.database = database
        self._identity = identity
        if not database.has_table("notice"):
            with database.durable("desk.create-outbox"):
                for table in TABLES:
                    database.run(table)

    def write(self, notices: Iterable[Notice], at: int) -> None:
        """Puts notices in; belongs inside the durable write of what they tell of."""
        for one in notices:
            self.database.run(
                "INSERT INTO notice VALUES (?, ?, ?, ?, ?, ?, 0, ?, '')"
                " ON CONFLICT (origin) DO NOTHING",
                (
                    self.database.next_number("notice"),
                    one.origin,
                    one.person,
                    one.said.stored(),
                    at,
                    WAITING,
                    at,
                ),
            )

    def send(
        self, delivery: Delivery, contact: Callable[[int], Contact], now: int
    ) -> Iterator[Kept]:
        """Sends what is due, oldest first, and answers with each as it then stands."""
        due = list(
            self.database.rows(
                "SELECT number FROM notice WHERE state = ? AND next_try <= ? ORDER BY number",
                (WAITING, now),
            )
        )
        for (number,) in due:
            notice = self._get(int(number))
            if notice.next_try <= now and self._take(notice, now):
                self._deliver(notice, delivery, contact(notice.person))
                yield self._get(notice.number)

    def _take(self, notice: Kept, now: int) -> bool:
        """Counts the try before it is made; False if another process was first."""
        wait = FIRST_WAIT * 2**notice.tries // MICROSECOND
        with self.database.durable("outbox.take"):
            taken = self.database.run(
                "UPDATE notice SET tries = tries + 1, next_try = ?"
                " WHERE number = ? AND state = ? AND tries = ?",
                (now + wait, notice.number, WAITING, notice.tries),
            )
        return bool(taken)

    def _deliver(self, notice: Kept, delivery: Delivery, contact: Contact) -> None:
        if not contact.address:
            self._note(notice.number, NO_ADDRESS, f"Person {notice.person} has no address.")
            return
        letter = Letter(
            number=notice.number,
            identity=self._identity,
            to=contact.address,
            language=contact.language,
            written=notice.written,
            subject=texts.told(notice.said, contact.language),
            body=texts.told(notice.said, contact.language, "body"),
        )
        boundary("outbox.deliver.before")
        try:
            delivery.deliver(letter)
        except DeliveryFailed as failed:
            state = DEAD if notice.tries + 1 >= TRIES else WAITING
            self._note(notice.number, state, str(failed))
            return
        boundary("outbox.deliver.after")
        self._note(notice.number, SENT, "")

    def _note(self, number: int, state: str, problem: str) -> None:
        with self.database.durable("outbox.note"):
            self.database.run(
                "UPDATE notice SET state = ?, problem = ? WHERE number = ?",
                (state, problem, number),
            )

    def retry(self, number: int, now: int) -> bool:
        """A notice that is dead or had no address waits again; False if it is neither."""
        with self.database.durable("outbox.retry"):
            changed = self.database.run(
                "UPDATE notice SET state = ?, tries = 0, next_try = ?"
                " WHERE number = ? AND state IN (?, ?)",
                (WAITING, now, number, DEAD, NO_ADDRESS),
            )
        return bool(changed)

    def every(self) -> list[Kept]:
        """All notices, newest first."""
        rows = self.database.rows(f"SELECT {_COLUMNS} FROM notice ORDER BY number DESC")
        return [_kept(row) for row in rows]

    def _get(self, number: int) -> Kept:
        found = self.database.row(f"SELECT {_COLUMNS} FROM notice WHERE number = ?", (number,))
        assert found is not None  # notices are never deleted
        return _kept(found)


def _kept(row: tuple[object, ...]) -> Kept:
    number, person, stored, *rest = row
    return Kept(number, person, texts.read(str(stored)), *rest)  # type: ignore[arg-type]
