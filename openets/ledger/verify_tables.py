"""Proof of the query tables: a new fold of the journal gives the same rows, every one of them.

The journal is read once. What each record says is held against the stored rows as it comes; what
follows from the records together, such as entries, holdings and balances, is folded meanwhile in
memory, by another way than the tables were made, and held against them at the end.

It needs neither book's proof, only the journal, so a second core does it meanwhile: as a process of
its own, `python -m openets.ledger.verify_tables DIR`, that prints what came out as JSON.
"""

from __future__ import annotations

import json
import sys
from array import array
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import chain, groupby, islice, repeat, zip_longest
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from openets.channel.aside import BrokeOff, aside
from openets.kernel.batch import decode_batch
from openets.kernel.records import Transaction
from openets.ledger.journal import Journal
from openets.ledger.projection import SHAPE, TABLES, TABLES_MADE, Projection, columns_of
from openets.ledger.store import Store, open_store
from openets.ledger.stretch import Row, Stretch
from openets.storage.collector import leave_books_alone
from openets.storage.database import Database, StorageError
from openets.translog.client import Finding

MODULE = "openets.ledger.verify_tables"
PORTION = 1_000  # rows held against each other at a time
NOTHING = (0, 0)  # where no holding begins


class TablesProof(NamedTuple):
    """The first row that is not what the journal gives, or None; and how far the tables have come.

    What the journal holds beyond that record is not missed: the tables are always a little behind.
    """

    finding: Finding | None
    until: int = 0


@contextmanager
def tables_beside(store: Store) -> Iterator[Callable[[], TablesProof]]:
    """Gives the way to the proof of the query tables, which is made meanwhile."""
    with aside(MODULE, str(store.directory)) as answer:
        yield lambda: _proof_of(answer)


def _proof_of(answer: Callable[[], tuple[dict[str, Any] | None, int]]) -> TablesProof:
    try:
        found, until = answer()
    except BrokeOff as broken:
        return _wrong(f"The proof of the query tables broke off: {broken}")
    return TablesProof(Finding(**found) if found is not None else None, until)


def _wrong(sentence: str) -> TablesProof:
    return TablesProof(Finding(book="query", sentence=sentence))


def prove_tables(store: Store) -> TablesProof:
    """Holds the query tables against a new fold of the journal."""
    try:
        with closing(Database(store.query_url, name="query", read_only=True)) as database:
            stored = Projection(database, store.store)
            with database.snapshot():
                damage = database.integrity(TABLES_MADE)
                if damage:
                    return _wrong(f"The database is damaged: {damage}.")
                journal = store.journal(read_only=True)
                with closing(journal.database):
                    return _compare(stored, journal)
    except StorageError as error:
        return _wrong(str(error))


def _compare(stored: Projection, journal: Journal) -> TablesProof:
    """Holds every table against the journal, as far as the tables have come."""
    tables = {table: Stored(stored.database, table) for table in TABLES}
    until, head = stored.mark()[0], stored.start
    last = 0
    stretch, fold = Stretch(), Fold()
    for row in journal.rows():
        if row.first > until:
            break
        batch = decode_batch(row.envelope)
        stretch.take(batch.records, row.receipt.tree_head.recorded)
        last, head = batch.last, batch.head
        if len(stretch.records) >= PORTION:
            _take_in(stretch, tables, fold)
    _take_in(stretch, tables, fold)
    marks = [("journal", last, head), ("shape", 0, SHAPE)]
    tables["mark"].expect(sorted(marks, key=itemgetter(1, 0)))
    _hold_against(tables, stretch, fold)
    wrong = (table.finding for table in tables.values() if table.is_wrong())
    return TablesProof(next(wrong, None), last)


def _take_in(stretch: Stretch, tables: dict[str, Stored], fold: Fold) -> None:
    """Compares what each record says alone, and folds what follows from the moves."""
    tables["record"].expect(stretch.records)
    tables["block"].expect(stretch.blocks)
    tables["leg"].expect(sorted(stretch.legs, key=itemgetter(0, 1, 3, 2)))
    fold.take(stretch.moves)
    for rows in (stretch.records, stretch.blocks, stretch.legs, stretch.moves):
        rows.clear()


def _hold_against(tables: dict[str, Stored], stretch: Stretch, fold: Fold) -> None:
    """Compares what the journal as a whole comes to."""
    statuses = stretch.statuses
    accounts = [(*row[:5], statuses.get(row[0], row[5]), row[6]) for row in stretch.accounts]
    frozen = [(scope, since) for scope, since in stretch.frozen.items() if since]
    figures = ((*place, one) for place, one in stretch.emissions.items() if one is not None)
    places = fold.places()
    for table, rows in (
        ("kind", sorted(stretch.kinds)),
        ("account", sorted(accounts)),
        ("frozen", sorted(frozen, key=itemgetter(1))),
        ("emission", sorted(figures)),
        ("entry", entries_of(places)),
        ("balance", balances_of(places)),
        ("holding", holdings_of(places)),
    ):
        tables[table].expect(rows)


class Stored:
    """The stored rows of a table, held against what the journal gives, portion by portion."""

    def __init__(self, database: Database, table: str) -> None:
        self.finding: Finding | None = None
        self._table = table
        self._rows = _ordered(database, table)

    def expect(self, rows: Iterable[Row]) -> None:
        """The next rows should be these."""
        coming = iter(rows)
        while self.finding is None and (expected := list(islice(coming, PORTION))):
            found = list(islice(self._rows, len(expected)))
            if found != expected:
                self._differ(
                    *next(pair for pair in zip_longest(found, expected) if pair[0] != pair[1])
                )

    def is_wrong(self) -> bool:
        """True if a row differed, or if there are more of them."""
        if self.finding is None and (surplus := next(self._rows, None)) is not None:
            self._differ(surplus, None)
        return self.finding is not None

    def _differ(self, found: Row | None, expected: Row | None) -> None:
        sentence = (
            f"Table {self._table} has {found} where the journal gives {expected}; "
            "`openets restore query` makes the tables again."
        )
        self.finding = Finding(book="query", sentence=sentence)


def _ordered(database: Database, table: str) -> Iterator[Row]:
    """The rows of a table in one order on every engine: by all columns of whole numbers.

    Keys come first in each table, so an engine reads along its index. Words decide only where the
    numbers are the same, as with two currencies.
    """
    columns = [column.split() for column in columns_of(table)]
    names = ", ".join(column[0] for column in columns)
    order = [column[0] for column in columns if "{id}" in column[1]]
    order += [column[0] for column in columns if column[1] == "TEXT"]
    sql = f"SELECT {names} FROM {table} ORDER BY {', '.join(order)}"
    return database.rows(sql, portion=PORTION)


class Place(NamedTuple):
    """What happened to a kind in an account, and what lies there."""

    entries: array[int]  # a sequence and what it brought, or with a minus took, in turns
    held: dict[int, tuple[int, int]]  # first serial, to the last and the record that acquired it


class Fold:
    """Entries, balances and holdings as the moves leave them, folded in memory."""

    def __init__(self) -> None:
        self._places: dict[int, dict[int, Place]] = {}  # by kind and account

    def take(self, moves: Iterable[Transaction]) -> None:
        """Takes units from where they lie to where they go, block by block."""
        places = self._places
        for sequence, _, _, _, _, sender, receiver, _, _, blocks, _ in moves:
            for kind, start, end in blocks:
                of_kind = places.get(kind) or places.setdefault(kind, {})
                quantity = end - start + 1
                if sender:
                    entries, held = of_kind[sender]
                    if entries[-2] == sequence:
                        entries[-1] -= quantity
                    else:
                        entries.append(sequence)
                        entries.append(-quantity)
                    last, acquired = held.pop(start, NOTHING)
                    if last != end:
                        _cut(held, start, end, last, acquired)
                place = of_kind.get(receiver)
                if place is None:
                    of_kind[receiver] = Place(
                        array("q", (sequence, quantity)), {start: (end, sequence)}
                    )
                    continue
                entries, held = place
                if entries[-2] == sequence:
                    entries[-1] += quantity
                else:
                    entries.append(sequence)
                    entries.append(quantity)
                held[start] = (end, sequence)

    def places(self) -> list[Row]:
        """Every account, kind and what is known of them, in order."""
        places = [
            (account, kind, place)
            for kind, of_kind in self._places.items()
            for account, place in of_kind.items()
        ]
        return sorted(places, key=itemgetter(0, 1))


def entries_of(places: list[Row]) -> Iterable[Row]:
    """Rows of `entry`, in order."""
    by_account = groupby(places, itemgetter(0))
    return chain.from_iterable(_entries(account, list(found)) for account, found in by_account)


def _entries(account: int, places: list[Row]) -> Iterable[Row]:
    """An account's rows: in the order of the records for each kind, and so for all."""
    found = [
        zip(repeat(account), one.entries[0::2], repeat(kind), one.entries[1::2], strict=False)
        for _, kind, one in places
    ]
    return found[0] if len(found) == 1 else sorted(chain(*found))


def balances_of(places: list[Row]) -> Iterable[Row]:
    """Rows of `balance`, in order."""
    return ((account, kind, sum(place.entries[1::2])) for account, kind, place in places)


def holdings_of(places: list[Row]) -> Iterable[Row]:
    """Rows of `holding`, in order."""
    return chain.from_iterable(
        sorted([(account, kind, end, start, since) for start, (end, since) in place.held.items()])
        for account, kind, place in places
    )


def _cut(held: dict[int, tuple[int, int]], start: int, end: int, last: int, acquired: int) -> None:
    """Puts back what is left of a holding from which serials up to `end` were taken."""
    if not acquired:  # units were named, not picked: they do not begin where a holding begins
        first = _first_of(held, start)
        last, acquired = held[first]
        held[first] = (start - 1, acquired)
    if end < last:
        held[end + 1] = (last, acquired)


def _first_of(held: dict[int, tuple[int, int]], serial: int) -> int:
    for first, (last, _) in held.items():
        if first < serial <= last:
            return first
    raise ValueError(f"No holding contains serial {serial}.")


if __name__ == "__main__":
    leave_books_alone()
    wrong, reached = prove_tables(open_store(Path(sys.argv[1])))
    json.dump((wrong and wrong._asdict(), reached), sys.stdout)
