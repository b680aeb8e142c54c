"""Where units came from and where they went: every record that moved them, as a graph.

A unit is its serial, so nothing has to be guessed: forward from a record are all later records that
moved any of its serials, backward all earlier ones. The query tables are read once for the serials
in question, in the order of the records or against it, and each block is held against what is being
followed. What is followed are disjoint stretches that grow where a trace of an account begins anew.
This is analysis; it never changes who holds what.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from openets.kernel import acts
from openets.storage.database import Database

Direction = Literal["forward", "backward"]
ASKED_AT_ONCE = 500  # records looked up by one statement
SPANS_AT_ONCE = 100


class Hop(NamedTuple):
    """A step: followed units of one block, moved by a record; transferring 0 is their creation."""

    sequence: int
    effective: int
    type: int
    transferring: int
    acquiring: int
    kind: int
    unit: str
    registry: str
    first: int
    last: int

    @property
    def quantity(self) -> int:
        """Units that moved."""
        return self.last - self.first + 1


class Edge(NamedTuple):
    """All hops from one account to another; a unit counts each time it went that way."""

    transferring: int
    acquiring: int
    records: int
    units: int


class Trace(NamedTuple):
    """The hops, in the order of the records or, backward, against it."""

    hops: list[Hop]
    direction: Direction

    @property
    def edges(self) -> list[Edge]:
        """The graph: from account to account, the greatest first."""
        units: dict[tuple[int, int], int] = {}
        records: dict[tuple[int, int], set[int]] = {}
        for hop in self.hops:
            place = (hop.transferring, hop.acquiring)
            units[place] = units.get(place, 0) + hop.quantity
            records.setdefault(place, set()).add(hop.sequence)
        edges = [Edge(*place, len(records[place]), count) for place, count in units.items()]
        return sorted(edges, key=lambda edge: (-edge.units, edge))


class Followed:
    """The serials of one kind that are followed, as disjoint stretches in ascending order."""

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.ends: list[int] = []

    def among(self, first: int, last: int) -> list[tuple[int, int]]:
        """The followed stretches among these serials."""
        found = []
        index = bisect_left(self.ends, first)
        while index < len(self.starts) and self.starts[index] <= last:
            found.append((max(first, self.starts[index]), min(last, self.ends[index])))
            index += 1
        return found

    def add(self, first: int, last: int) -> None:
        """Follows these serials too."""
        low = bisect_left(self.ends, first - 1)
        high = bisect_right(self.starts, last + 1)
        if low < high:
            first, last = min(first, self.starts[low]), max(last, self.ends[high - 1])
        self.starts[low:high] = [first]
        self.ends[low:high] = [last]


def trace_serials(
    database: Database, registry: str, first: int, last: int, direction: Direction
) -> Trace:
    """The whole way of the serials of a registry of origin: from creation on, or back to it."""
    kinds = database.rows("SELECT kind FROM kind WHERE registry = ?", (registry,))
    followed = {int(kind): Followed() for (kind,) in kinds}
    for each in followed.values():
        each.add(first, last)
    return _follow(database, followed, followed, frozenset(), direction)


def trace_record(database: Database, sequence: int, direction: Direction) -> Trace:
    """The units of a record: the record itself, and where they went after, or came from before."""
    return _trace_from(database, [sequence], direction)


def trace_account(
    database: Database, number: int, direction: Direction, since: int, until: int
) -> Trace:
    """What left an account in a period (effective, microseconds), or what came into it."""
    side = "<" if direction == "forward" else ">"
    rows = database.rows(
        "SELECT DISTINCT e.sequence FROM entry e JOIN record r ON r.sequence = e.sequence"
        f" WHERE e.account = ? AND e.quantity {side} 0 AND r.effective BETWEEN ? AND ?",
        (number, since, until),
    )
    return _trace_from(database, [int(sequence) for (sequence,) in rows], direction)


def _trace_from(database: Database, sequences: list[int], direction: Direction) -> Trace:
    """The trace that begins anew at each of these records."""
    touched: dict[int, Followed] = {}
    for marks, asked in _by_portions(sequences):
        for kind, first, last in database.rows(
            f"SELECT kind, first_serial, last_serial FROM block WHERE sequence IN ({marks})", asked
        ):
            touched.setdefault(kind, Followed()).add(first, last)
    followed = {kind: Followed() for kind in touched}
    return _follow(database, touched, followed, frozenset(sequences), direction)


def _follow(
    database: Database,
    touched: dict[int, Followed],
    followed: dict[int, Followed],
    seeds: frozenset[int],
    direction: Direction,
) -> Trace:
    """Holds every block among the touched serials against those that are followed by then."""
    blocks = sorted(_among(database, touched), reverse=direction == "backward")
    pieces = []
    for sequence, kind, first, last in blocks:
        if sequence in seeds:
            followed[kind].add(first, last)
            pieces.append((sequence, kind, first, last))
            continue
        for start, end in followed[kind].among(first, last):
            pieces.append((sequence, kind, start, end))
    return Trace(list(_hops(database, pieces)), direction)


def _among(database: Database, touched: dict[int, Followed]) -> Iterator[tuple[int, int, int, int]]:
    """Every block that overlaps the touched serials, from one reading of the table.

    An index of serials would make each transfer dearer for the sake of a question seldom asked.
    """
    spans = [
        (kind, serials.ends[-1], serials.starts[0])
        for kind, serials in touched.items()
        if serials.starts
    ]
    for start in range(0, len(spans), SPANS_AT_ONCE):
        portion = spans[start : start + SPANS_AT_ONCE]
        wanted = " OR ".join(["kind = ? AND first_serial <= ? AND last_serial >= ?"] * len(portion))
        for sequence, kind, first, last in database.rows(
            f"SELECT sequence, kind, first_serial, last_serial FROM block WHERE {wanted}",
            [value for span in portion for value in span],
        ):
            if touched[kind].among(first, last):
                yield sequence, kind, first, last


def _hops(database: Database, pieces: list[tuple[int, int, int, int]]) -> Iterator[Hop]:
    kinds = {
        int(kind): (unit, registry)
        for kind, unit, registry in database.rows("SELECT kind, unit, registry FROM kind")
    }
    records = {}
    for marks, asked in _by_portions({piece[0] for piece in pieces}):
        for row in database.rows(
            "SELECT sequence, effective, type, transferring, acquiring FROM record"
            f" WHERE sequence IN ({marks})",
            asked,
        ):
            records[row[0]] = row[1:]
    for sequence, kind, first, last in pieces:
        effective, type_, transferring, acquiring = records[sequence]
        unit, registry = kinds[kind]
        yield Hop(
            sequence, effective, type_, transferring, acquiring, kind, unit, registry, first, last
        )


def kind_records(database: Database, kinds: set[int]) -> list[int]:
    """The records that defined these kinds."""
    rows = database.rows("SELECT sequence, act FROM record WHERE act IS NOT NULL")
    defined = ((sequence, acts.parse_act(act.encode())) for sequence, act in rows)
    return [
        int(sequence)
        for sequence, act in defined
        if isinstance(act, acts.KindDefined) and act.kind in kinds
    ]


def _by_portions(sequences: Iterable[int]) -> Iterator[tuple[str, list[int]]]:
    """Question marks and numbers for statements of bounded length."""
    numbers = sorted(sequences)
    for start in range(0, len(numbers), ASKED_AT_ONCE):
        portion = numbers[start : start + ASKED_AT_ONCE]
        yield ", ".join("?" * len(portion)), portion
