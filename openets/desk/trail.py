"""The audit trail: who did what, on which account, under which article, with what outcome.

A line is written in the durable write of the change it tells of, and never changed. It holds what
was said without a language (`openets.desk.said`), so that a lawyer reads it in his or her own.
Persons go by role and number.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from openets.desk import said as texts
from openets.desk.said import ENGLISH, Said
from openets.kernel.actor import Actor
from openets.storage.database import Database

TABLES = (
    "CREATE TABLE event (number {id} PRIMARY KEY, at {id} NOT NULL, actor {id} NOT NULL,"
    " role TEXT NOT NULL, proposal {id} NOT NULL, registry TEXT NOT NULL, account {id} NOT NULL,"
    " said TEXT NOT NULL)",
    "CREATE INDEX event_proposal ON event (proposal)",
    "CREATE INDEX event_account ON event (account)",
)
_COLUMNS = "number, at, actor, role, proposal, registry, account, said"
NOBODY = Actor(0, "")  # whatever happens by itself


class Event(NamedTuple):
    """A line of the trail; `actor`, `proposal` and `account` are 0 where there is none."""

    number: int
    at: int
    actor: int
    role: str
    proposal: int
    registry: str
    account: int
    said: Said

    @property
    def sentence(self) -> str:
        """The line in English."""
        return self.told(ENGLISH)

    def told(self, language: str) -> str:
        """The line in a language."""
        return texts.told(self.said, language)


class Asked(NamedTuple):
    """Which lines are wanted; 0 leaves a question open. `since` counts, `until` does not."""

    account: int = 0
    person: int = 0
    since: int = 0
    until: int = 0
    proposal: int = 0


class Trail:
    """The trail in the desk's database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        if not database.has_table("event"):
            with database.durable("desk.create-trail"):
                for table in TABLES:
                    database.run(table)

    def write(
        self, at: int, actor: Actor, registry: str, account: int, said: Said, proposal: int = 0
    ) -> None:
        """A line; belongs inside the durable write of what it tells of."""
        number = self.database.next_number("event")
        self.database.run(
            f"INSERT INTO event ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (number, at, actor.id, actor.role, proposal, registry, account, said.stored()),
        )

    def events(self, asked: Asked = Asked()) -> Iterator[Event]:  # noqa: B008  (immutable)
        """The lines asked for, oldest first."""
        questions = (
            ("account = ?", asked.account),
            ("actor = ?", asked.person),
            ("at >= ?", asked.since),
            ("at < ?", asked.until),
            ("proposal = ?", asked.proposal),
        )
        put = [(text, value) for text, value in questions if value]
        where = f" WHERE {' AND '.join(text for text, _ in put)}" if put else ""
        query = f"SELECT {_COLUMNS} FROM event{where} ORDER BY number"
        for row in self.database.rows(query, [value for _, value in put]):
            yield _event(row)

    def first(self, proposal: int) -> Event:
        """The line by which a proposal was made; raises `KeyError` if there is no such proposal."""
        found = self.database.row(
            f"SELECT {_COLUMNS} FROM event WHERE proposal = ? ORDER BY number LIMIT 1", (proposal,)
        )
        if found is None:
            raise KeyError(proposal)
        return _event(found)

    def last(self) -> int:
        """The number of the last line, 0 if there is none."""
        found = self.database.row("SELECT COALESCE(MAX(number), 0) FROM event")
        return int(found[0]) if found else 0

    def roles(self, proposal: int) -> dict[int, str]:
        """The persons who acted on a proposal, each with the role he or she had then."""
        rows = self.database.rows(
            "SELECT actor, role FROM event WHERE proposal = ? AND actor <> 0 ORDER BY number",
            (proposal,),
        )
        return {int(actor): str(role) for actor, role in rows}


def _event(row: tuple[object, ...]) -> Event:
    return Event(*row[:-1], texts.read(str(row[-1])))  # type: ignore[call-arg, arg-type]
