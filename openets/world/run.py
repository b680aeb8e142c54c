"""Running a play into a store, with its query tables following; then books are proved and summed.

Demonstration and replay run in the same way; what differs is the player, and the figures the books
are held against.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import closing
from itertools import zip_longest
from typing import TypeVar

from openets.kernel.records import Record
from openets.ledger.follow import Follower
from openets.ledger.journal import Journal
from openets.ledger.journal import stored_records as journal_records
from openets.ledger.post import Writer
from openets.ledger.store import Store
from openets.ledger.verify import Progress as Verifying
from openets.ledger.verify import Verification, verify
from openets.ledger.writing import writing
from openets.storage.database import Database
from openets.translog.client import stored_batches
from openets.translog.client import stored_records as log_records
from openets.world.stage import Progress
from openets.world.totals import Summing, Totals, sum_records

Read = TypeVar("Read")
Player = Callable[[Writer, Progress], None]
Epilogue = Callable[[Writer], None]


def run(
    store: Store, player: Player, on_progress: Progress, epilogue: Epilogue | None = None
) -> dict[int, float]:
    """Plays until the query tables have everything; returns the seconds each year took.

    An `epilogue` is played on the same writer when nobody else follows the journal any more, so
    it may ask the query tables; they have what it did as well when this returns.

    `on_progress` hears of each call: the calendar year, the step, the records posted so far; and in
    the end of the year 0, when only the query tables are behind.
    """
    seconds: dict[int, float] = {}
    with writing(store) as writer:
        follower = Follower(store)
        started, posted = time.perf_counter(), 0

        def report(year: int, step: str, count: int) -> None:
            nonlocal started, posted
            now = time.perf_counter()
            seconds[year] = seconds.get(year, 0) + now - started
            started, posted = now, count
            on_progress(year, step, count)

        player(writer, report)
        on_progress(0, "query tables", posted)
        follower.finish()
        if epilogue is not None:
            epilogue(writer)
            projection = store.projection()
            with closing(projection.database):
                projection.catch_up(writer.journal)
    return seconds


def read_books(store: Store, reader: Callable[[Iterable[Record]], Read]) -> tuple[Read, Read]:
    """What a reader makes of ledger and log, given their stored records as they stand.

    Where both hold the same bytes, what it makes of one is what it makes of the other.
    """
    with closing(Database(store.journal_url, name="journal", read_only=True)) as database:
        ledger = reader(journal_records(database))
        if _same_bytes(store, Journal(database)):
            return ledger, ledger
    return ledger, reader(log_records(store.log_directory))


def _same_bytes(store: Store, journal: Journal) -> bool:
    """True if journal and log hold the same batches, byte for byte."""
    rows = (row.envelope for row in journal.rows())
    batches = (envelope for envelope, _ in stored_batches(store.log_directory))
    return all(ours == theirs for ours, theirs in zip_longest(rows, batches))


def sum_books(store: Store) -> tuple[Totals, Totals]:
    """Ledger and log, summed."""
    return read_books(store, lambda records: sum_records(records, store.rulebook))


def prove_and_sum(
    store: Store, progress: Verifying = lambda step, done: None
) -> tuple[Verification, Totals, Totals]:
    """Proves both books and sums them on the way; books that are not sound are summed as they are.

    Books that are sound hold the same records: what one adds up to, the other does.
    """
    summing = Summing(store.rulebook)
    proof = verify(store, progress, summing.take)
    if proof.sound:
        total = summing.result()
        return proof, total, total
    return proof, *sum_books(store)
