"""A fresh store for every fault, made cheaply: a copy of files, or tables swept clean.

A store that was just made is the same every time but for its keys, and making it costs more than
the run that breaks it. On SQLite a template's folder is copied; on PostgreSQL the three databases
stay and what a run wrote into them is deleted.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path

from openets.ledger.store import Store, open_store
from openets.storage.database import Database
from tests.small_world import make_store

FreshStore = Callable[[], Store]
BOOKS = ("journal", "query", "log")
WRITTEN_BY_A_RUN = {"journal": ("journal_batch",), "log": ("log_batch", "log_epoch")}


def fresh_stores(directory: Path, make_database: Callable[[str], str]) -> FreshStore:
    """Gives a store nobody has written to, each time it is called."""
    template = directory / "template"
    urls = {book: make_database(book) for book in BOOKS}
    if urls["log"].startswith("sqlite:"):
        make_store(template)
        numbers = count()

        def copy() -> Store:
            fresh = directory / f"store-{next(numbers)}"
            shutil.copytree(template, fresh)
            return open_store(fresh)

        return copy
    store = make_store(template, urls)

    def sweep() -> Store:
        for book, tables in WRITTEN_BY_A_RUN.items():
            with closing(Database(urls[book], name=book)) as database:
                for table in tables:
                    database.run(f"DELETE FROM {table}")
        projection = store.projection()
        with closing(projection.database):
            projection.create()
        return store

    return sweep
