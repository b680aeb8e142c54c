"""A store for a measurement: made, opened with its log in a process of its own, and closed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from openets.ledger.post import Writer
from openets.ledger.requests import Outcome
from openets.ledger.store import Store, create_store, open_writer
from openets.storage.collector import leave_books_alone
from openets.translog.client import start_log

MakeUrl = Callable[[str], str | None]


@contextmanager
def opened(place: Path, make_url: MakeUrl) -> Iterator[tuple[Store, Writer]]:
    """A new store and its writer; `make_url` gives database addresses, None for SQLite files."""
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
        yield store, writer
    finally:
        writer.close()
        log.stop()


def insist(outcomes: Sequence[Outcome]) -> None:
    """Ends the measurement if anything was refused: it would have measured something else."""
    refused = [outcome.refusals[0] for outcome in outcomes if not outcome.completed]
    if refused:
        raise SystemExit(f"{len(refused)} requests were refused, the first: {refused[0]}")
