"""Two stores for tests of the public page, with query tables that are up to date.

The example's law keeps nothing confidential; the Union's does, and has two registries here.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from openets.ledger.store import Store, open_writer
from openets.translog.client import open_local_log
from tests.small_office import make_office
from tests.small_world import make_store, script


def make_example(directory: Path) -> Store:
    """Five accounts of one registry: cement 400, glass 100, trader 300."""
    return _with_tables(make_office(directory))


def make_europe(directory: Path) -> Store:
    """Six accounts of two registries, after the script of the small world."""
    store = make_store(directory)
    log = open_local_log(store.log_directory)
    with closing(open_writer(store, log)) as writer:
        for requests in script():
            writer.post(requests)
    log.stop()
    return _with_tables(store)


def _with_tables(store: Store) -> Store:
    journal, projection = store.journal(read_only=True), store.projection()
    with closing(journal.database), closing(projection.database):
        projection.catch_up(journal)
    return store
