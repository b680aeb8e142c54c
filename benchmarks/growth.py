"""Does a record cost the same however long the history, and how long does one alone take?"""

from __future__ import annotations

import resource
import statistics
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.place import insist, opened
from benchmarks.workload import Workload
from openets.kernel.batch import decode_batch
from openets.kernel.records import Transaction, decode_record
from openets.ledger.follow import Follower
from openets.ledger.journal import Row

YEARS, TRADES = 20, 96_000  # 100,002 records a year: 2,000 allocations and surrenders
SINGLES = 400


def print_latency(console: Console) -> None:
    """One transfer at a time, durable in both books."""
    with (
        tempfile.TemporaryDirectory(prefix="openets-bench-") as folder,
        opened(Path(folder) / "latency", lambda name: None) as (_, writer),
    ):
        workload = Workload(SINGLES)
        named = writer.post(workload.opening())[1].sequence
        insist(writer.post(workload.distribution(named)))
        took = []
        for transfer in workload.transfers():
            started = time.perf_counter()
            insist(writer.post([transfer]))
            took.append((time.perf_counter() - started) * 1_000)
    took.sort()
    middle, late = statistics.median(took), took[len(took) * 99 // 100]
    console.print(
        f"one transfer alone, SQLite: median {middle:.2f} ms, 99th percentile {late:.2f} ms, "
        f"longest {took[-1]:.2f} ms"
    )


def print_growth(console: Console) -> None:
    """Years of allocation, trade and surrender: microseconds per block moved, as history grows."""
    table = Table(box=None, pad_edge=False, title="growth, SQLite", title_justify="left")
    for head in ("records", "blocks moved", "µs per block", "writer, MB"):
        table.add_column(head, justify="right")
    with (
        tempfile.TemporaryDirectory(prefix="openets-bench-") as folder,
        opened(Path(folder) / "growth", lambda name: None) as (store, writer),
    ):
        workload = Workload(0)
        insist(writer.post(workload.opening()))
        follower = Follower(store)
        for year in range(1, YEARS + 1):
            named = writer.post([workload.named(year)])[0].sequence
            requests = workload.year(year, named, TRADES)
            started = time.perf_counter()
            outcomes = writer.post(requests)
            seconds = time.perf_counter() - started
            insist(outcomes)
            blocks = _blocks(writer.journal.rows(outcomes[0].sequence - 1))
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1_024
            table.add_row(
                f"{writer.book.sequence:,}",
                f"{blocks:,}",
                f"{seconds / blocks * 1_000_000:.1f}",
                f"{peak:,}",
            )
        started = time.perf_counter()
        follower.finish()
        late = time.perf_counter() - started
    console.print(table)
    console.print(f"query tables caught up {late:.1f} s after the last record")


def _blocks(rows: Iterable[Row]) -> int:
    count = 0
    for row in rows:
        for data in decode_batch(row.envelope).records:
            record = decode_record(data)
            if isinstance(record, Transaction):
                count += len(record.blocks)
    return count
