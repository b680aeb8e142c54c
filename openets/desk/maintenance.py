"""Maintenance windows: nothing is carried out in them, and nothing that waits is lost by them.

A window is planned by two administrators and kept as data, for one registry or for all; until it
opens two of them may cancel it, and then it counts no more. While it is
open new proposals are refused or stored for later, nobody approves, and `work` leaves the registry
alone; stopping something, and a command that cannot wait, is possible at any time. A deadline that
falls into a window moves out of it, by the registered formula the law names (`desk.maintenance`);
what was to be carried out in it is carried out afterwards. Deadlines are not rewritten: they are
reckoned anew whenever they are asked for, so a window counts once, however often that is.

Where the law is silent, proposals are refused and deadlines move by the length of the window.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from openets.desk.timing import Law
from openets.kernel.clock import instant, moment
from openets.rulebook.model import NoLaw
from openets.storage.database import Database

RULE = "desk.maintenance"
REFUSED, QUEUED = "refused", "queued"
BY_LENGTH, NEXT_WORKING_DAY = "by its length", "to the next working day"
TABLE = (
    "CREATE TABLE maintenance (number {id} PRIMARY KEY, registry TEXT NOT NULL,"
    " opens {id} NOT NULL, closes {id} NOT NULL, reason TEXT NOT NULL, origin TEXT NOT NULL UNIQUE)"
)
CANCELLED = (
    "CREATE TABLE maintenance_cancelled (planned TEXT PRIMARY KEY, origin TEXT NOT NULL UNIQUE)"
)
_COLUMNS = "registry, opens, closes, reason"


class Window(NamedTuple):
    """A window, from an instant on and before another; `registry` is empty for every registry."""

    registry: str
    opens: int
    closes: int
    reason: str


class Rule(NamedTuple):
    """What becomes of new proposals in a window, and how deadlines move out of it."""

    proposals: str = REFUSED
    deadlines: str = BY_LENGTH


def rule_of(law: Law | None) -> Rule:
    """The rule of the law; what holds where it is silent, if it is."""
    try:
        value = law.ask(RULE) if law else {}
    except NoLaw:
        return Rule()
    return Rule(**value)


def _by_length(deadline: int, window: Window, _: Law | None) -> int:
    return deadline + window.closes - window.opens


def _next_working_day(deadline: int, window: Window, law: Law | None) -> int:
    """The hour of the deadline on the first working day after the window has closed."""
    if law is None:
        return _by_length(deadline, window, law)
    closed = law.calendar.local_day(moment(window.closes))
    hour = moment(deadline).astimezone(law.calendar.zone).time()
    return instant(law.calendar.at(law.calendar.next_working_day(closed), hour))


FORMULAS: dict[str, Callable[[int, Window, Law | None], int]] = {
    BY_LENGTH: _by_length,
    NEXT_WORKING_DAY: _next_working_day,
}


def moved(deadline: int, windows: Iterable[Window], law: Law | None) -> int:
    """A deadline as the windows of its registry leave it; never inside one of them."""
    formula = FORMULAS[rule_of(law).deadlines]
    for window in sorted(windows, key=lambda one: one.opens):
        if window.opens <= deadline < window.closes:
            deadline = formula(deadline, window, law)
    return deadline


def afterwards(at: int, windows: Iterable[Window]) -> int:
    """The instant itself, or when the window has closed in which it lies."""
    for window in sorted(windows, key=lambda one: one.opens):
        if window.opens <= at < window.closes:
            at = window.closes
    return at


class Windows:
    """The windows in the desk's database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        if not database.has_table("maintenance"):
            with database.durable("desk.create-maintenance"):
                database.run(TABLE)
        if not database.has_table("maintenance_cancelled"):
            with database.durable("desk.create-cancelled"):
                database.run(CANCELLED)

    def plan(self, window: Window, origin: str) -> None:
        """Enters a window; the same origin enters it once."""
        with self.database.durable("desk.maintenance"):
            number = self.database.next_number("maintenance")
            self.database.run(
                "INSERT INTO maintenance VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (origin) DO NOTHING",
                (number, *window, origin),
            )

    def planned(self, origin: str) -> Window | None:
        """The window of an origin, cancelled or not, or None."""
        found = self.database.row(f"SELECT {_COLUMNS} FROM maintenance WHERE origin = ?", (origin,))
        return Window._make(found) if found else None

    def cancel(self, planned: str, origin: str) -> None:
        """The window of an origin counts no more; what cancels it has an origin of its own."""
        with self.database.durable("desk.maintenance-cancelled"):
            self.database.run(
                "INSERT INTO maintenance_cancelled VALUES (?, ?) ON CONFLICT DO NOTHING",
                (planned, origin),
            )

    def cancelled_by(self, planned: str) -> str | None:
        """The origin of what cancelled the window of an origin, or None."""
        found = self.database.row(
            "SELECT origin FROM maintenance_cancelled WHERE planned = ?", (planned,)
        )
        return str(found[0]) if found else None

    def of(self, registry: str) -> list[Window]:
        """The windows that close a registry, by when they open; for no registry those for all."""
        rows = self.database.rows(
            f"SELECT {_COLUMNS} FROM maintenance WHERE registry IN ('', ?)"
            " AND origin NOT IN (SELECT planned FROM maintenance_cancelled) ORDER BY opens, number",
            (registry,),
        )
        return [Window._make(row) for row in rows]

    def open_at(self, registry: str, at: int) -> Window | None:
        """The window a registry is in at an instant, the one that closes last, or None."""
        found = [one for one in self.of(registry) if one.opens <= at < one.closes]
        return max(found, key=lambda one: one.closes, default=None)
