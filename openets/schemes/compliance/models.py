"""What happened to operators' compliance, and what the law did by itself: the stored tables.

They lie in the desk's database and are written by approved proposals only. Surrenders are not
here, they are in the books; nor are the calendar's own events, which follow from the law. `origin`
is the key of what wrote an event, so that one proposal writes it once.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from openets.schemes.compliance.events import Event, as_dict, read_event
from openets.storage.database import Database

TABLES = (
    "CREATE TABLE compliance_event (number {id} PRIMARY KEY, operator TEXT NOT NULL,"
    " happened TEXT NOT NULL, record {id} NOT NULL, origin TEXT NOT NULL UNIQUE)",
    "CREATE INDEX compliance_event_operator ON compliance_event (operator, number)",
    "CREATE TABLE compliance_step (operator TEXT NOT NULL, year {id} NOT NULL, step TEXT NOT NULL,"
    " at {id} NOT NULL, record {id} NOT NULL, ended {id} NOT NULL,"
    " PRIMARY KEY (operator, year, step))",
)
PENALTY_TABLES = (
    "CREATE TABLE penalty_event (number {id} PRIMARY KEY, operator TEXT NOT NULL,"
    " year {id} NOT NULL, breach TEXT NOT NULL, at {id} NOT NULL, happened TEXT NOT NULL,"
    " cents {id} NOT NULL, said TEXT NOT NULL, origin TEXT NOT NULL UNIQUE)",
    "CREATE INDEX penalty_event_operator ON penalty_event (operator, year)",
)


class Kept(NamedTuple):
    """An event of an operator, or of a whole registry if `operator` is one's code.

    `record` is the ledger's record that came of it, 0 if none did.
    """

    number: int
    operator: str
    event: Event
    record: int


class Step(NamedTuple):
    """What the law did by itself for a year of emissions: when, by which record of the ledger.

    `ended` is the record that undid it, 0 while it stands.
    """

    operator: str
    year: int
    step: str
    at: int
    record: int
    ended: int


class Happenings:
    """Events and steps in the desk's database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        if not database.has_table("compliance_event"):
            with database.durable("compliance.create"):
                for table in TABLES:
                    database.run(table)

    def add(self, operator: str, event: Event, record: int, origin: str) -> None:
        """Keeps an event, once for an origin."""
        written = json.dumps(as_dict(event))
        with self.database.durable("compliance.event"):
            if not self.database.is_sqlite:  # on SQLite the open transaction is the only one
                self.database.run("LOCK TABLE compliance_event IN EXCLUSIVE MODE")
            found = self.database.row("SELECT COALESCE(MAX(number), 0) + 1 FROM compliance_event")
            number = int(found[0]) if found else 1
            self.database.run(
                "INSERT INTO compliance_event VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (origin) DO NOTHING",
                (number, operator, written, record, origin),
            )

    def of(self, *operators: str) -> list[Kept]:
        """The events of these operators and registries, or of all, in the order of the record."""
        marks = ", ".join("?" * len(operators))
        where = f" WHERE operator IN ({marks})" if operators else ""
        rows = self.database.rows(
            f"SELECT number, operator, happened, record FROM compliance_event{where}"
            " ORDER BY number",
            operators,
        )
        return [
            Kept(int(number), str(operator), read_event(json.loads(written)), int(record))
            for number, operator, written, record in rows
        ]

    def take(self, operator: str, year: int, step: str, at: int, record: int) -> None:
        """Keeps that the law took a step for a year; taken again it is as it was."""
        with self.database.durable("compliance.step"):
            self.database.run(
                "INSERT INTO compliance_step VALUES (?, ?, ?, ?, ?, 0)"
                " ON CONFLICT (operator, year, step) DO NOTHING",
                (operator, year, step, at, record),
            )

    def end(self, operator: str, year: int, step: str, record: int) -> None:
        """Keeps that a step was undone."""
        with self.database.durable("compliance.step-end"):
            self.database.run(
                "UPDATE compliance_step SET ended = ? WHERE operator = ? AND year = ? AND step = ?",
                (record, operator, year, step),
            )

    def steps(self, operator: str = "") -> list[Step]:
        """The steps taken for an operator, or for all."""
        where, named = (" WHERE operator = ?", (operator,)) if operator else ("", ())
        rows = self.database.rows(
            "SELECT operator, year, step, at, record, ended FROM compliance_step"
            f"{where} ORDER BY at, operator, year",
            named,
        )
        return [Step._make(row) for row in rows]


class PenaltyEvent(NamedTuple):
    """What happened to a penalty or measure: `breach` is empty for units that were missing.

    `cents` is the amount that was set or paid, 0 where nothing was; `said` the reason or reference.
    """

    number: int
    operator: str
    year: int
    breach: str
    at: int
    happened: str
    cents: int
    said: str


class Penalties:
    """What happened to penalties, in the desk's database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        if not database.has_table("penalty_event"):
            with database.durable("compliance.create-penalties"):
                for table in PENALTY_TABLES:
                    database.run(table)

    def add(self, event: PenaltyEvent, origin: str) -> None:
        """Keeps an event under the next number, once for an origin."""
        with self.database.durable("compliance.penalty"):
            if not self.database.is_sqlite:  # on SQLite the open transaction is the only one
                self.database.run("LOCK TABLE penalty_event IN EXCLUSIVE MODE")
            found = self.database.row("SELECT COALESCE(MAX(number), 0) + 1 FROM penalty_event")
            number = int(found[0]) if found else 1
            self.database.run(
                "INSERT INTO penalty_event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (origin) DO NOTHING",
                (number, *event[1:], origin),
            )

    def has(self, origin: str) -> bool:
        """True if an event of this origin is kept."""
        found = self.database.row("SELECT 1 FROM penalty_event WHERE origin = ?", (origin,))
        return found is not None

    def of(self, operator: str = "") -> list[PenaltyEvent]:
        """What happened to the penalties of an operator, or of all, in its order."""
        where, named = (" WHERE operator = ?", (operator,)) if operator else ("", ())
        rows = self.database.rows(
            "SELECT number, operator, year, breach, at, happened, cents, said FROM penalty_event"
            f"{where} ORDER BY number",
            named,
        )
        return [PenaltyEvent._make(row) for row in rows]
