"""What an operator is entitled to by a table and what it got: the arithmetic of an entry.

An entry is an operator's line of a table for a year. Net is what was allocated less what was
returned and reversed; what remains is the entitlement less net, and nothing of it where the year is
excluded. The classes follow from sums over all tables and years (the rulebook names them in
`allocation.classes`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

FULLY, OVER = "fully allocated", "over-allocated"
UNDER, NOT_YET = "under-allocated", "not yet allocated"
NO_CLASS = ""

ALLOWED, WITHHELD, EXCLUDED = "allowed", "withheld", "excluded"
RETURNED, REVERSED = "returned", "reversed"


class Entry(NamedTuple):
    """An operator's year in a table, in allowances."""

    operator: str
    table: str
    year: int
    entitlement: int
    allocated: int = 0
    returned: int = 0
    reversed: int = 0

    @property
    def net(self) -> int:
        """What the operator has by this entry."""
        return self.allocated - self.returned - self.reversed

    def remaining(self, excluded: Collection[int] = ()) -> int:
        """What is still to be allocated; below zero what is to be returned."""
        return -self.net if self.year in excluded else self.entitlement - self.net


class Sums(NamedTuple):
    """An operator's entries up to a year: entitlement, net, what remains, and the class."""

    entitlement: int
    net: int
    remaining: int
    classification: str


def classify(entries: Iterable[Entry], up_to: int, excluded: Collection[int] = ()) -> Sums:
    """One operator's entries over all tables up to a year, and which class they make."""
    counted = [entry for entry in entries if entry.year <= up_to]
    entitlement = sum(one.entitlement for one in counted if one.year not in excluded)
    net = sum(entry.net for entry in counted)
    remaining = sum(entry.remaining(excluded) for entry in counted)
    return Sums(entitlement, net, remaining, _class(entitlement, net, remaining))


def _class(entitlement: int, net: int, remaining: int) -> str:
    rules = (
        (entitlement != 0 and entitlement == net and remaining == 0, FULLY),
        (remaining < 0, OVER),
        (remaining > 0 and net > 0, UNDER),
        (entitlement != 0 and net == 0, NOT_YET),
    )
    return next((name for applies, name in rules if applies), NO_CLASS)


def status_of(entry: Entry, excluded: Collection[int], withheld: bool) -> str:
    """How an entry stands: what stops it first, then what became of it."""
    rules = (
        (entry.year in excluded, EXCLUDED),
        (withheld, WITHHELD),
        (entry.reversed > 0 and entry.net <= 0, REVERSED),
        (entry.returned > 0, RETURNED),
    )
    return next((name for applies, name in rules if applies), ALLOWED)


def not_enough(
    asked: Mapping[str, int], issued_from: Mapping[str, str], available: Mapping[str, int]
) -> list[str]:
    """The accounts that hold too little for what tables ask of them, by name.

    `asked` is by table, `issued_from` names the account of each, `available` what accounts have.
    """
    wanted: dict[str, int] = {}
    for table, quantity in asked.items():
        account = issued_from[table]
        wanted[account] = wanted.get(account, 0) + quantity
    return [account for account, quantity in wanted.items() if quantity > available[account]]


def after(entry: Entry, movement: str, quantity: int) -> Entry:
    """The entry after a movement: `allocated`, `returned` or `reversed` grows by a quantity."""
    return entry._replace(**{movement: getattr(entry, movement) + quantity})


def spread(tables: Mapping[str, Entry], moved: Mapping[str, int]) -> list[Entry]:
    """Movements of one year between two accounts, spread over the tables they can belong to.

    Where several tables are issued from one account, the first is filled before the next, and what
    is beyond all is the last one's.
    """
    entries = list(tables.values())
    if not moved:
        return entries
    left = dict(moved)
    for place, entry in enumerate(entries):
        last = place == len(entries) - 1
        for movement in ("returned", "reversed", "allocated"):
            quantity = left.get(movement, 0)
            if movement == "allocated" and not last:
                back = entry.returned + entry.reversed
                quantity = min(quantity, entry.entitlement + back)
            left[movement] = left.get(movement, 0) - quantity
            entry = after(entry, movement, quantity)
        entries[place] = entry
    return entries
