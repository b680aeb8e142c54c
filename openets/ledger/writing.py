"""Writing to a store: the log started if none runs, the writer opened, caught up and closed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from openets.ledger.post import Writer
from openets.ledger.store import Store, open_writer
from openets.storage.collector import leave_books_alone
from openets.translog.client import LogClient, begin_log


@contextmanager
def writing(store: Store) -> Iterator[Writer]:
    """The writer of a store, with a log of its own if none runs."""
    log = begin_log(store.log_directory)  # it reads its rows while the journal is read here
    leave_books_alone()
    try:
        with closing(open_writer(store, log)) as writer:
            leave_books_alone()
            yield writer
    finally:
        log.stop()


def take_over(store: Store, log: LogClient) -> int:
    """Brings the journal up to the log and the query tables up to the journal.

    Returns the number of the last record. Raises `HeldElsewhere` while another process writes.
    """
    with closing(open_writer(store, log)) as writer:
        projection = store.projection()
        with closing(projection.database):
            projection.catch_up(writer.journal)
        return writer.book.sequence
