"""Verifiers: their accreditation, its scope and its last day, and the persons who act for them.

A verifier enters figures and represents no account: it would vouch for what it profits from.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from openets.storage.database import Database

TABLES = (
    "CREATE TABLE verifier (number {id} PRIMARY KEY, registry TEXT NOT NULL,"
    " accreditation TEXT NOT NULL, scope TEXT NOT NULL, expires TEXT NOT NULL,"
    " origin TEXT NOT NULL)",
    "CREATE TABLE verifier_person (person {id} PRIMARY KEY, verifier {id} NOT NULL)",
)
_COLUMNS = "number, registry, accreditation, scope, expires"


class Verifier(NamedTuple):
    """A verifier: the reference of its accreditation, the activities in scope, the last day."""

    number: int
    registry: str
    accreditation: str
    scope: frozenset[int]
    expires: date

    def may_verify(self, activity: int, day: date) -> bool:
        """True if an activity is in the accreditation's scope and the day not after its last."""
        return activity in self.scope and day <= self.expires


class Verifiers:
    """The verifiers in the desk's database; `origin` is the key of what registered one."""

    def __init__(self, database: Database) -> None:
        self.database = database
        if not database.has_table("verifier"):
            with database.durable("people.create-verifiers"):
                for table in TABLES:
                    database.run(table)

    def put(self, verifier: Verifier, persons: Collection[int], origin: str) -> int:
        """A verifier as stated, with its persons: new under the next number, or changed."""
        with self.database.durable("people.verifier"):
            found = self.database.row("SELECT number FROM verifier WHERE origin = ?", (origin,))
            number = verifier.number or (int(found[0]) if found else self._next())
            if not (verifier.number or found):
                self.database.run(
                    "INSERT INTO verifier VALUES (?, '', '', '', '', ?)", (number, origin)
                )
            self.database.run(
                "UPDATE verifier SET registry = ?, accreditation = ?, scope = ?, expires = ?"
                " WHERE number = ?",
                (
                    verifier.registry,
                    verifier.accreditation,
                    ",".join(map(str, sorted(verifier.scope))),
                    verifier.expires.isoformat(),
                    number,
                ),
            )
            self.database.run("DELETE FROM verifier_person WHERE verifier = ?", (number,))
            for person in persons:
                self.database.run("INSERT INTO verifier_person VALUES (?, ?)", (person, number))
        return number

    def get(self, number: int) -> Verifier | None:
        """A verifier, or None."""
        found = self.database.row(f"SELECT {_COLUMNS} FROM verifier WHERE number = ?", (number,))
        return _verifier(found) if found else None

    def of_person(self, person: int) -> Verifier | None:
        """The verifier a person acts for, or None."""
        found = self.database.row(
            "SELECT verifier FROM verifier_person WHERE person = ?", (person,)
        )
        return self.get(int(found[0])) if found else None

    def every(self) -> list[Verifier]:
        """All verifiers by number."""
        rows = self.database.rows(f"SELECT {_COLUMNS} FROM verifier ORDER BY number")
        return [_verifier(row) for row in rows]

    def _next(self) -> int:
        if not self.database.is_sqlite:  # on SQLite the open transaction is the only one
            self.database.run("LOCK TABLE verifier IN EXCLUSIVE MODE")
        found = self.database.row("SELECT COALESCE(MAX(number), 0) + 1 FROM verifier")
        return int(found[0]) if found else 1


def _verifier(row: tuple[object, ...]) -> Verifier:
    number, registry, accreditation, scope, expires = row
    activities = frozenset(map(int, str(scope).split(",")))
    day = date.fromisoformat(str(expires))
    return Verifier(int(str(number)), str(registry), str(accreditation), activities, day)
