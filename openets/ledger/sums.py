"""Sums over the query tables: accounts and units by registry, type of account and type of unit.

A sum can be of the end of an earlier day, because that is what the law publishes. It goes by the
day a record takes effect, so that a played history counts as the past it plays.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import NamedTuple

from openets.storage.database import Database


class Counted(NamedTuple):
    """How many accounts of a registry and a type have a status."""

    registry: str
    type: str
    status: str
    accounts: int


class Held(NamedTuple):
    """What accounts of a registry and a type hold of a type of unit, and how many of them do."""

    registry: str
    type: str
    unit: str
    accounts: int
    units: int


def accounts(database: Database, before: int | None = None) -> list[Counted]:
    """Accounts by registry, type and present status; only those opened before an instant."""
    opened, bound = ("", ()) if before is None else (" WHERE opened < ?", (before,))
    rows = database.rows(
        f"SELECT registry, type, status, COUNT(*) FROM account{opened}"
        " GROUP BY registry, type, status ORDER BY registry, type, status",
        bound,
    )
    return [Counted(*row) for row in rows]


def holdings(database: Database, before: int | None = None) -> list[Held]:
    """Units by registry, type of account and type of unit, before an instant (None: now)."""
    units = dict(database.rows("SELECT kind, unit FROM kind"))
    held: defaultdict[tuple[int, str], int] = defaultdict(int)
    for account, kind, quantity in database.rows(
        "SELECT account, kind, quantity FROM balance WHERE quantity > 0"
    ):
        held[account, units[kind]] += quantity
    if before is not None:
        _take_back(database, before, units, held)
    places = {
        number: (registry, type_)
        for number, registry, type_ in database.rows("SELECT number, registry, type FROM account")
    }
    counts: Counter[tuple[str, str, str]] = Counter()
    sums: Counter[tuple[str, str, str]] = Counter()
    for (account, unit), quantity in held.items():
        if quantity:
            place = (*places[account], unit)
            counts[place] += 1
            sums[place] += quantity
    return [Held(*place, counts[place], sums[place]) for place in sorted(sums)]


def _take_back(
    database: Database, before: int, units: dict[int, str], held: dict[tuple[int, str], int]
) -> None:
    """Undoes in the sums what has taken effect since an instant."""
    for transferring, acquiring, kind, quantity in database.rows(
        "SELECT r.transferring, r.acquiring, b.kind, b.last_serial - b.first_serial + 1"
        " FROM record r JOIN block b ON b.sequence = r.sequence WHERE r.effective >= ?",
        (before,),
    ):
        held[acquiring, units[kind]] -= quantity
        if transferring:
            held[transferring, units[kind]] += quantity
