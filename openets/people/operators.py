"""What stands behind an operator's account: installation, aircraft or ship operator, entity.

An operator has a code (its registry and a running number), a permit or monitoring plan by
reference, an activity, and the years for which it owes figures. Some years may be excluded. When
years were stated, excluded or taken in again is kept: what an operator owed on a past day depends
on it.
"""

from __future__ import annotations

from typing import NamedTuple

from openets.storage.database import Database

TABLES = (
    "CREATE TABLE operator (number {id} PRIMARY KEY, registry TEXT NOT NULL, kind TEXT NOT NULL,"
    " permit TEXT NOT NULL, activity {id} NOT NULL, first_year {id} NOT NULL, last_year {id},"
    " return_due {id} NOT NULL, origin TEXT NOT NULL)",
    "CREATE TABLE stated_years (operator {id} NOT NULL, at {id} NOT NULL, first_year {id} NOT NULL,"
    " last_year {id}, PRIMARY KEY (operator, at))",
    "CREATE TABLE exclusion (operator {id} NOT NULL, year {id} NOT NULL, at {id} NOT NULL,"
    " ground TEXT NOT NULL, PRIMARY KEY (operator, year, at))",
)
_COLUMNS = "number, registry, kind, permit, activity, first_year, last_year, return_due"


class Operator(NamedTuple):
    """An operator. `last_year` is None while it goes on; `return_due` are units asked back."""

    number: int
    registry: str
    kind: str
    permit: str
    activity: int
    first_year: int
    last_year: int | None
    return_due: int = 0

    @property
    def code(self) -> str:
        """How the books name it: EX-000012."""
        return f"{self.registry}-{self.number:06d}"


class Stated(NamedTuple):
    """The years an operator owes figures for, as stated at an instant."""

    operator: int
    at: int
    first_year: int
    last_year: int | None


class Exclusion(NamedTuple):
    """A year excluded on a ground at an instant; without a ground it was taken in again."""

    operator: int
    year: int
    at: int
    ground: str


def reporting_years(first: int, last: int | None, reference: int) -> range:
    """The years for which figures are owed up to a reference year, both ends included."""
    return range(first, min(last or reference, reference) + 1)


class Operators:
    """The operators in the desk's database; `origin` is the key of what registered one."""

    def __init__(self, database: Database) -> None:
        self.database = database
        if not database.has_table("operator"):
            with database.durable("people.create-operators"):
                for table in TABLES:
                    database.run(table)

    def add(self, operator: Operator, origin: str, at: int) -> Operator:
        """A new operator under the next number, once for an origin."""
        with self.database.durable("people.operator"):
            found = self.database.row("SELECT number FROM operator WHERE origin = ?", (origin,))
            if found:
                return operator._replace(number=int(found[0]))
            stored = operator._replace(number=self._next())
            self.database.run(
                "INSERT INTO operator VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (*stored, origin)
            )
            self._state(stored, at)
        return stored

    def change(self, operator: Operator, at: int) -> None:
        """The operator is from here on as stated."""
        with self.database.durable("people.operator-change"):
            self.database.run(
                "UPDATE operator SET registry = ?, kind = ?, permit = ?, activity = ?,"
                " first_year = ?, last_year = ?, return_due = ? WHERE number = ?",
                (*operator[1:], operator.number),
            )
            self._state(operator, at)

    def _state(self, operator: Operator, at: int) -> None:
        """Keeps since when an operator owes figures for which years, once for an instant."""
        self.database.run(
            "INSERT INTO stated_years VALUES (?, ?, ?, ?) ON CONFLICT (operator, at) DO UPDATE"
            " SET first_year = excluded.first_year, last_year = excluded.last_year",
            (operator.number, at, operator.first_year, operator.last_year),
        )

    def by_code(self, code: str | None) -> Operator | None:
        """The operator with a code, or None."""
        registry, _, number = (code or "").rpartition("-")
        if not (number.isascii() and number.isdigit()):
            return None
        found = self.database.row(
            f"SELECT {_COLUMNS} FROM operator WHERE registry = ? AND number = ?",
            (registry, int(number)),
        )
        return Operator._make(found) if found else None

    def every(self) -> list[Operator]:
        """All operators by number."""
        rows = self.database.rows(f"SELECT {_COLUMNS} FROM operator ORDER BY number")
        return [Operator._make(row) for row in rows]

    def exclude(self, operator: int, year: int, ground: str, at: int) -> None:
        """The operator owes nothing for a year from an instant on; without a ground, again."""
        with self.database.durable("people.exclude"):
            self.database.run(
                "INSERT INTO exclusion VALUES (?, ?, ?, ?) ON CONFLICT (operator, year, at)"
                " DO UPDATE SET ground = excluded.ground",
                (operator, year, at, ground),
            )

    def excluded(self, operator: int) -> dict[int, str]:
        """The years excluded now, with the ground of each."""
        last = {one.year: one.ground for one in self.exclusions(operator)}
        return {year: ground for year, ground in sorted(last.items()) if ground}

    def exclusions(self, operator: int | None = None) -> list[Exclusion]:
        """What was excluded and taken in again, of one operator or of all, in its order."""
        where, named = ("WHERE operator = ? ", (operator,)) if operator else ("", ())
        query = (
            f"SELECT operator, year, at, ground FROM exclusion {where}ORDER BY at, operator, year"
        )
        return [Exclusion._make(row) for row in self.database.rows(query, named)]

    def stated(self, operator: int | None = None) -> list[Stated]:
        """The years as they were stated, of one operator or of all, in their order."""
        where, named = ("WHERE operator = ? ", (operator,)) if operator else ("", ())
        query = (
            f"SELECT operator, at, first_year, last_year FROM stated_years {where}"
            "ORDER BY at, operator"
        )
        return [Stated._make(row) for row in self.database.rows(query, named)]

    def excluded_years(self) -> dict[int, list[int]]:
        """The years excluded now of every operator that has some, by its number."""
        last = {(one.operator, one.year): one.ground for one in self.exclusions()}
        found: dict[int, list[int]] = {}
        for (operator, year), ground in last.items():
            if ground:
                found.setdefault(operator, []).append(year)
        return found

    def _next(self) -> int:
        if not self.database.is_sqlite:  # on SQLite the open transaction is the only one
            self.database.run("LOCK TABLE operator IN EXCLUSIVE MODE")
        found = self.database.row("SELECT COALESCE(MAX(number), 0) + 1 FROM operator")
        return int(found[0]) if found else 1
