"""Proof of the query tables: a new fold of the journal gives the same rows, every one of them.

It needs neither book's proof, only the journal, so a second core does it meanwhile: as a process of
its own, `python -m openets.ledger.verify_tables DIR`, that prints the finding as JSON, or null.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import Any

from openets.channel.aside import BrokeOff, aside
from openets.ledger.projection import TABLES, TABLES_MADE, Projection, columns_of
from openets.ledger.store import Store, open_store
from openets.storage.collector import leave_books_alone
from openets.storage.database import Database, StorageError
from openets.translog.client import Finding

MODULE = "openets.ledger.verify_tables"


@contextmanager
def tables_beside(store: Store) -> Iterator[Callable[[], Finding | None]]:
    """Gives the way to the finding about the query tables, which is looked for meanwhile."""
    with aside(MODULE, str(store.directory)) as answer:
        yield lambda: _finding_of(answer)


def _finding_of(answer: Callable[[], dict[str, Any] | None]) -> Finding | None:
    try:
        found = answer()
    except BrokeOff as broken:
        sentence = f"The proof of the query tables broke off: {broken}"
        return Finding(book="query", sentence=sentence)
    return Finding(**found) if found is not None else None


def find_wrong_table(store: Store) -> Finding | None:
    """The first row that is not what the journal gives, or None."""
    try:
        with (
            tempfile.TemporaryDirectory(prefix="openets-verify-") as directory,
            closing(Database(store.query_url, name="query", read_only=True)) as stored,
            closing(_fold_anew(store, Path(directory), Projection(stored, store.store))) as fresh,
        ):
            damage = stored.integrity(TABLES_MADE)
            if damage:
                return Finding(book="query", sentence=f"The database is damaged: {damage}.")
            for table in TABLES:
                finding = _compare(stored, fresh, table)
                if finding is not None:
                    return finding
    except StorageError as error:
        return Finding(book="query", sentence=str(error))
    return None


def _fold_anew(store: Store, directory: Path, stored: Projection) -> Database:
    """A throw-away database with what the stored tables should hold."""
    database = Database(f"sqlite:{directory / 'query.sqlite3'}", name="new query")
    for pragma in ("journal_mode = OFF", "synchronous = OFF"):  # nobody will need it again
        database.run(f"PRAGMA {pragma}")
    fresh = Projection(database, store.store)
    fresh.create()
    journal = store.journal(read_only=True)
    with closing(journal.database):
        fresh.catch_up(journal, until=stored.mark()[0])
    return fresh.database


def _compare(stored: Database, fresh: Database, table: str) -> Finding | None:
    for found, expected in zip_longest(_ordered(stored, table), _ordered(fresh, table)):
        if found != expected:
            sentence = (
                f"Table {table} has {found} where the journal gives {expected}; "
                "`openets restore query` makes the tables again."
            )
            return Finding(book="query", sentence=sentence)
    return None


def _ordered(database: Database, table: str) -> Iterator[tuple[object, ...]]:
    """The rows of a table in one order on every engine: by all columns of whole numbers.

    Keys come first in each table, so an engine reads along its index.
    """
    columns = [column.split() for column in columns_of(table)]
    names = ", ".join(column[0] for column in columns)
    order = ", ".join(column[0] for column in columns if "{id}" in column[1]) or "name"
    return database.rows(f"SELECT {names} FROM {table} ORDER BY {order}")


if __name__ == "__main__":
    leave_books_alone()
    wrong = find_wrong_table(open_store(Path(sys.argv[1])))
    json.dump(wrong._asdict() if wrong is not None else None, sys.stdout)
