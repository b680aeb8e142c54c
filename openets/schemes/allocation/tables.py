"""The stored allocation tables: who is entitled to how much, and whose allocation is withheld.

They lie in the desk's database and are changed by approved proposals only. What was issued is not
kept here: the books know it (`reads.py`). `place` is the order of application, in which a table
that serves first come first is served.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from openets.storage.database import Database

TABLES = (
    "CREATE TABLE allocation_entry (list TEXT NOT NULL, registry TEXT NOT NULL,"
    " operator TEXT NOT NULL, year {id} NOT NULL, amount {id} NOT NULL, place {id} NOT NULL,"
    " PRIMARY KEY (list, operator, year))",
    "CREATE TABLE allocation_withheld (operator TEXT NOT NULL, year {id} NOT NULL,"
    " reason TEXT NOT NULL, PRIMARY KEY (operator, year))",
    "CREATE TABLE implementation_measures (registry TEXT NOT NULL, first_year {id} NOT NULL,"
    " installations TEXT NOT NULL, origin TEXT NOT NULL, PRIMARY KEY (registry, first_year))",
)


class Stored(NamedTuple):
    """A stored entry: `amount` allowances for an operator and year, and its place in the queue."""

    table: str
    operator: str
    year: int
    amount: int
    place: int


Amounts = Mapping[tuple[str, int], int]  # by operator and year


class AllocationTables:
    """The tables in the desk's database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        if not database.has_table("allocation_entry"):
            with database.durable("allocation.create"):
                for table in TABLES:
                    database.run(table)

    def find(
        self,
        *,
        table: str | None = None,
        registry: str | None = None,
        operator: str | None = None,
        year: int | None = None,
    ) -> list[Stored]:
        """The entries of a table, registry, operator and year, in the order of application."""
        asked = {"list": table, "registry": registry, "operator": operator, "year": year}
        given = {column: value for column, value in asked.items() if value is not None}
        where = "".join(f" AND {column} = ?" for column in given)
        rows = self.database.rows(
            "SELECT list, operator, year, amount, place FROM allocation_entry"
            f" WHERE 1 = 1{where} ORDER BY place, operator, year, list",
            tuple(given.values()),
        )
        return [Stored._make(row) for row in rows]

    def amounts(self, table: str, registry: str) -> dict[tuple[str, int], int]:
        """What a registry's table says, by operator and year."""
        found = self.find(table=table, registry=registry)
        return {(one.operator, one.year): one.amount for one in found}

    def enter(self, table: str, registry: str, amounts: Amounts) -> None:
        """Enters amounts in one durable write; who stood in the table keeps the place it had."""
        with self.database.durable("allocation.enter"):
            before = self.find(table=table)
            places = {one.operator: one.place for one in before}
            following = max(places.values(), default=0) + 1
            rows = []
            for (operator, year), amount in amounts.items():
                if operator not in places:
                    places[operator] = following
                    following += 1
                rows.append((table, registry, operator, year, amount, places[operator]))
            self.database.run_many(
                "INSERT INTO allocation_entry (list, registry, operator, year, amount, place)"
                " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (list, operator, year)"
                " DO UPDATE SET amount = excluded.amount",
                rows,
            )

    def withhold(self, operator: str, year: int, reason: str | None) -> None:
        """An operator's allocation of a year is withheld for a reason; with None no longer."""
        with self.database.durable("allocation.withhold"):
            self.database.run(
                "DELETE FROM allocation_withheld WHERE operator = ? AND year = ?", (operator, year)
            )
            if reason is not None:
                self.database.run(
                    "INSERT INTO allocation_withheld VALUES (?, ?, ?)", (operator, year, reason)
                )

    def withheld(self, year: int) -> dict[str, str]:
        """Whose allocation of a year is withheld, and why."""
        rows = self.database.rows(
            "SELECT operator, reason FROM allocation_withheld WHERE year = ?", (year,)
        )
        return {str(operator): str(reason) for operator, reason in rows}

    # -- national implementation measures -------------------------------------------------------

    def accept_measures(self, registry: str, first_year: int, text: str, origin: str) -> None:
        """A registry's list of installations for the period that begins with a year, as JSON."""
        with self.database.durable("allocation.measures"):
            self.database.run(
                "DELETE FROM implementation_measures WHERE registry = ? AND first_year = ?",
                (registry, first_year),
            )
            self.database.run(
                "INSERT INTO implementation_measures VALUES (?, ?, ?, ?)",
                (registry, first_year, text, origin),
            )

    def measures(self, registry: str, first_year: int) -> str | None:
        """The accepted list of a registry for a period, as JSON, or None."""
        found = self.database.row(
            "SELECT installations FROM implementation_measures"
            " WHERE registry = ? AND first_year = ?",
            (registry, first_year),
        )
        return str(found[0]) if found else None


def digest_of(amounts: Amounts) -> str:
    """The SHA-256 of a table: a line `operator,year,amount` each, by operator and year."""
    lines = (f"{operator},{year},{amounts[operator, year]}\n" for operator, year in sorted(amounts))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


class Difference(NamedTuple):
    """A cell that a change alters; `before` is None where there was none."""

    operator: str
    year: int
    before: int | None
    amount: int


def difference(before: Amounts, changed: Amounts) -> list[Difference]:
    """What a change alters, by operator and year; a cell that stays the same is no difference."""
    return [
        Difference(*key, before.get(key), changed[key])
        for key in sorted(changed)
        if before.get(key) != changed[key]
    ]


def by_year(differences: Iterable[Difference]) -> dict[int, tuple[int, int]]:
    """Of each year what the changed cells summed to before, and to what they sum."""
    found: dict[int, tuple[int, int]] = {}
    for one in differences:
        before, amount = found.get(one.year, (0, 0))
        found[one.year] = (before + (one.before or 0), amount + one.amount)
    return dict(sorted(found.items()))
