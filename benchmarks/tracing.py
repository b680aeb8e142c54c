"""How long does a question about the way of units take on a ledger of a million records?

`python -m benchmarks.tracing [FOLDER]` makes ten years of allocation, trade and surrender,
1,002,037 records, and asks the query tables as `openets trace` does: a serial, a record, an
account, a whole year's issue, forward and backward. Without a folder the store is made in a
temporary one and thrown away.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.growth import TRADES
from benchmarks.place import insist, opened
from benchmarks.workload import EACH, OPERATORS, Workload
from openets.ledger.store import open_store
from openets.ledger.tracing import Direction, Trace, trace_account, trace_record, trace_serials
from openets.storage.database import Database

YEARS = 10
EVER = 2**62
A_YEARS_ISSUE = OPERATORS * EACH
DIRECTIONS: tuple[Direction, ...] = ("forward", "backward")


def main() -> None:
    """Makes the store unless it is there; prints seconds, in brackets those of the processor."""
    console = Console(width=None if sys.stdout.isatty() else 120)
    with tempfile.TemporaryDirectory(prefix="openets-bench-") as folder:
        place = Path(sys.argv[1] if len(sys.argv) > 1 else f"{folder}/store")
        if not place.exists():
            console.print(f"{_make(place):.1f} s to make the store")
        with closing(open_store(place).projection().database) as database:
            _ask(console, database)


def _make(place: Path) -> float:
    """Seconds until both books and the query tables hold the years."""
    started = time.perf_counter()
    with opened(place, lambda name: None) as (store, writer):
        workload = Workload(0)
        insist(writer.post(workload.opening()))
        for year in range(1, YEARS + 1):
            named = writer.post([workload.named(year)])[0].sequence
            insist(writer.post(workload.year(year, named, TRADES)))
        projection = store.projection()
        with closing(projection.database):
            projection.catch_up(writer.journal)
    return time.perf_counter() - started


def _ask(console: Console, database: Database) -> None:
    found = database.row("SELECT MAX(sequence) FROM record")
    blocks = database.row("SELECT COUNT(*) FROM block")
    assert found and blocks
    middle = found[0] // 2
    year = (YEARS // 2) * A_YEARS_ISSUE
    questions: dict[str, Callable[[Direction], Trace]] = {
        "a serial": lambda way: trace_serials(database, "EU", year + 500, year + 500, way),
        "1.6 million serials": lambda way: trace_serials(
            database, "EU", year + 1, year + 1_600_000, way
        ),
        "a record": lambda way: trace_record(database, middle, way),
        "an account": lambda way: trace_account(database, 50, way, 0, EVER),
        "a year's issue": lambda way: trace_serials(
            database, "EU", year + 1, year + A_YEARS_ISSUE, way
        ),
    }
    table = Table(box=None, pad_edge=False)
    table.add_column(f"{found[0]:,} records, {blocks[0]:,} blocks moved")
    for head in (*DIRECTIONS, "hops"):
        table.add_column(head, justify="right")
    for name, ask in questions.items():
        cells = []
        for way in DIRECTIONS:
            started, worked = time.perf_counter(), time.process_time()
            trace = ask(way)
            took, work = time.perf_counter() - started, time.process_time() - worked
            cells.append(f"{took:.3f} s ({work:.3f})")
            hops = len(trace.hops)
        table.add_row(name, *cells, f"{hops:,}")
    console.print(table)


if __name__ == "__main__":
    main()
