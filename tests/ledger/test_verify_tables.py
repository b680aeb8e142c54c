"""The proof of the query tables reads every row of every table, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from openets.kernel.records import Leg
from openets.ledger import verify_tables
from openets.ledger.projection import TABLES, columns_of
from openets.ledger.store import Store, open_writer
from openets.ledger.verify_tables import prove_tables
from openets.storage.database import Database
from openets.translog.client import open_local_log
from tests.busy_world import MORE, SCENE, SPARE
from tests.conftest import MakeDatabase
from tests.small_world import FIRST, make_store, move

PAID = tuple(
    Leg(account, currency, cents)
    for currency in ("EUR", "CHF")
    for account, cents in ((FIRST, -500), (SPARE, 500))
)
REQUESTS = [*SCENE, *MORE, move("10-0", SPARE, FIRST, 5, "in two currencies")._replace(legs=PAID)]


@pytest.fixture
def store(tmp_path: Path, make_database: MakeDatabase) -> Store:
    urls = {role: make_database(role) for role in ("journal", "query", "log")}
    store = make_store(tmp_path / "store", urls)
    log = open_local_log(store.log_directory)
    with closing(open_writer(store, log)) as writer:
        for outcome in writer.post(REQUESTS[:9]):
            assert outcome.completed, outcome.refusals
        for request in REQUESTS[9:]:
            (outcome,) = writer.post([request])
            assert outcome.completed, outcome.refusals
        projection = store.projection()
        with closing(projection.database):
            projection.catch_up(writer.journal)
    log.stop()
    return store


Row = tuple[Any, ...]


def another(value: object, by: int) -> object:
    """Another value of the same type."""
    if isinstance(value, int):
        return value + by
    if isinstance(value, bytes):
        return bytes(each ^ 1 for each in value)
    return f"{value}x"


def changes(rows: list[Row]) -> Iterator[tuple[list[Row], Row | None, Row | None]]:
    """Changed rows, with the row that is found and the one the journal gives."""
    yield rows[1:], rows[1] if len(rows) > 1 else None, rows[0]
    yield rows[:-1], None, rows[-1]
    after = tuple(another(value, 1_000) for value in rows[-1])
    yield [*rows, after], after, None
    before = tuple(another(value, -1_000_000) for value in rows[0])
    yield [before, *rows], before, rows[0]
    for row in {rows[0], rows[len(rows) // 2], rows[-1]}:
        for column, value in enumerate(row):
            new = (*row[:column], another(value, 1_000), *row[column + 1 :])
            yield [new if one is row else one for one in rows], None, None


def put(database: Database, table: str, rows: list[Row]) -> None:
    with database.durable("test"):
        database.run(f"DELETE FROM {table}")
        database.copy_rows(table, columns_of(table), rows)


@pytest.mark.parametrize("portion", [1, 4, verify_tables.PORTION])
def test_tables_that_nobody_touched_are_proved(
    store: Store, monkeypatch: pytest.MonkeyPatch, portion: int
) -> None:
    monkeypatch.setattr(verify_tables, "PORTION", portion)
    assert prove_tables(store).finding is None


@pytest.mark.parametrize("table", TABLES)
def test_every_row_and_column_is_read(
    store: Store, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    monkeypatch.setattr(verify_tables, "PORTION", 4)
    with closing(Database(store.query_url, name="query")) as database:
        rows = list(verify_tables._ordered(database, table))
        assert rows
        for changed, found, expected in changes(rows):
            put(database, table, changed)
            finding = prove_tables(store).finding
            assert finding is not None, (table, changed)
            assert finding.sentence.startswith(f"Table {table} has ")
            if table != "mark" and (found, expected) != (None, None):
                assert f"has {found} where the journal gives {expected};" in finding.sentence
        put(database, table, rows)
    assert prove_tables(store).finding is None


def test_the_table_named_is_the_first_of_those_that_are_wrong(store: Store) -> None:
    with closing(Database(store.query_url, name="query")) as database:
        for table in ("holding", "block", "balance"):
            database.run(f"DELETE FROM {table}")
    finding = prove_tables(store).finding
    assert finding is not None and finding.sentence.startswith("Table block has None")


def test_what_the_tables_have_not_taken_in_yet_is_not_missed(store: Store) -> None:
    projection = store.projection()
    journal = store.journal(read_only=True)
    with closing(projection.database), closing(journal.database):
        projection.create()
        projection.catch_up(journal, until=journal.last() - 3)
    assert prove_tables(store).finding is None
