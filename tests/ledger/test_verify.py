"""`verify` on both engines: sound when nobody touched anything, and otherwise it says where."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from openets.kernel.acts import Act, act_of
from openets.kernel.records import Record
from openets.ledger import verify as proof
from openets.ledger.book import Book
from openets.ledger.journal import stored_records
from openets.ledger.projection import TABLES
from openets.ledger.store import Store, open_writer
from openets.ledger.verify import verify
from openets.storage.database import Database
from openets.translog.client import Audit, audit, open_local_log
from openets.translog.store import load
from tests.busy_world import SCENE
from tests.conftest import MakeDatabase
from tests.small_world import FIRST, SECOND, move
from tests.translog.worlds import world_with_officers


@pytest.fixture
def store(tmp_path: Path, make_database: MakeDatabase) -> Store:
    urls = {role: make_database(role) for role in ("journal", "query", "log")}
    store = world_with_officers(tmp_path, urls)
    log = open_local_log(store.log_directory)
    with closing(open_writer(store, log)) as writer:
        for request in SCENE:
            writer.post([request])
        for index in range(5):
            writer.post([move("10-0", FIRST, SECOND, 3, f"trade {index}")])
        projection = store.projection()
        with closing(projection.database):
            projection.catch_up(writer.journal)
    log.stop()
    return store


def test_a_world_that_nobody_touched_is_sound(store: Store) -> None:
    result = verify(store)
    assert result.sound, result.findings
    assert len(result.proved) == 4
    assert (result.records, result.transactions, result.units) == (27, 9, 1_000)
    assert len(result.root) == 64


def test_whoever_reads_along_hears_every_record_that_is_proved(store: Store) -> None:
    heard: list[tuple[Record, Act | None]] = []
    assert verify(store, reader=heard.extend).sound
    with closing(store.journal(read_only=True).database) as database:
        assert heard == [(record, act_of(record)) for record in stored_records(database)]
    with closing(Database(store.journal_url, name="journal")) as database:
        bend("envelope", 150)(database)
    so_far: list[tuple[Record, Act | None]] = []
    assert not verify(store, reader=so_far.extend).sound
    assert so_far == heard[:19]


def test_both_proofs_are_of_the_same_records(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written while the books were read is not said to be proved."""

    def earlier(*args: Any, **more: Any) -> Audit:
        return replace(audit(*args, **more), records=20, head=bytes(32))

    monkeypatch.setattr(proof, "audit", earlier)
    result = verify(store)
    assert (len(result.findings), result.proved) == (1, [])
    assert "up to record 20, the journal to 27" in result.findings[0].sentence


@pytest.fixture
def large(store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store that is proved by three processes, however few records it has."""
    monkeypatch.setattr(proof, "ENOUGH_FOR_PROCESSES", 1)
    return store


def test_a_large_world_is_proved_by_three_processes(large: Store) -> None:
    result = verify(large)
    assert (result.findings, len(result.proved), len(result.root)) == ([], 4, 64)
    with closing(Database(large.query_url, name="query")) as database:
        database.run("UPDATE balance SET quantity = quantity + 1 WHERE account = ?", (FIRST,))
    (finding,) = verify(large).findings
    assert (finding.book, "Table balance" in finding.sentence) == ("query", True)


def test_of_a_large_world_the_log_is_named_first(large: Store) -> None:
    log = load(large.log_directory).url
    for url, table in ((large.journal_url, "journal_batch"), (log, "log_batch")):
        with closing(Database(url, name="book")) as database:
            database.run(f"DELETE FROM {table} WHERE first = 20")
    (finding,) = verify(large).findings
    assert (finding.book, finding.record) == ("log", 20)


def test_books_that_differ_are_told_apart_by_their_serials(
    large: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof, "digest_of_holders", lambda intervals: b"another")
    monkeypatch.setattr(Book, "intervals", lambda book: iter([("AT", 1, 5, 9, FIRST)]))
    (finding,) = verify(large).findings
    assert (finding.book, finding.serial) == ("both", 5)


@pytest.mark.parametrize("module", ["openets.translog.verify", "openets.ledger.verify_tables"])
def test_a_process_that_breaks_off_proves_nothing(
    large: Store, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    place = "openets.translog.verify" if module.startswith("openets.t") else module
    monkeypatch.setattr(f"{place}.MODULE", "openets.no_such_module")
    (finding,) = verify(large).findings
    assert "broke off: openets.no_such_module ended with 1." in finding.sentence


Change = Callable[[Database], None]


def sql(statement: str) -> Change:
    return lambda database: database.run(statement) and None


def bend(column: str, at: int) -> Change:
    def apply(database: Database) -> None:
        found = database.row(f"SELECT {column} FROM journal_batch WHERE first = 20")
        assert found is not None
        value = bytearray(bytes(found[0]))
        value[at] ^= 1
        database.run(f"UPDATE journal_batch SET {column} = ? WHERE first = 20", (bytes(value),))

    return apply


JOURNAL: dict[str, tuple[Change, str, int | None]] = {
    "dropped": (sql("DELETE FROM journal_batch WHERE first = 20"), "should follow", 20),
    "last dropped": (
        sql("DELETE FROM journal_batch WHERE first = 27"),
        "ends before record 27",
        27,
    ),
    "all dropped": (sql("DELETE FROM journal_batch"), "ends before record 1", 1),
    "table dropped": (sql("DROP TABLE journal_batch"), "journal", None),
    "batch": (bend("envelope", 150), "signed", 20),
    "salts": (bend("salts", 0), "different rows", 20),
    "root": (bend("root", 0), "not one the log gave", 20),
    "head": (bend("head", 0), "not one the log gave", 20),
    "signature": (bend("signature", 0), "not one the log gave", 20),
    "recorded": (
        sql("UPDATE journal_batch SET recorded = 5 WHERE first = 20"),
        "not one the log gave",
        20,
    ),
    "count": (sql("UPDATE journal_batch SET count = 2 WHERE first = 20"), "says otherwise", 20),
    "sealed words": (
        sql("UPDATE journal_meta SET value = seal WHERE key = 'mode'"),
        "changed after it was sealed",
        None,
    ),
}


@pytest.mark.parametrize("name", JOURNAL)
def test_a_changed_journal_is_found_and_located(store: Store, name: str) -> None:
    apply, words, record = JOURNAL[name]
    with closing(Database(store.journal_url, name="journal")) as database:
        apply(database)
    (finding,) = verify(store).findings
    assert words in finding.sentence
    assert (finding.book, finding.record) == ("journal", record)


def test_a_log_that_lost_its_end_is_found(store: Store) -> None:
    with closing(Database(load(store.log_directory).url, name="log")) as database:
        database.run("DELETE FROM log_batch WHERE first = 27")
    (finding,) = verify(store).findings
    assert (finding.book, finding.record) == ("log", 27)
    assert "the journal goes on" in finding.sentence


@pytest.mark.parametrize("table", TABLES)
def test_a_changed_query_table_is_found(store: Store, table: str) -> None:
    column = TABLES[table][0].split()[0]
    with closing(Database(store.query_url, name="query")) as database:
        if database.row(f"SELECT 1 FROM {table}") is None:
            values = ", ".join("'1'" for each in TABLES[table] if not each.startswith("PRIMARY"))
            database.run(f"INSERT INTO {table} VALUES ({values})")
        else:
            database.run(
                f"DELETE FROM {table} WHERE {column} = (SELECT MAX({column}) FROM {table})"
            )
    (finding,) = verify(store).findings
    assert finding.book == "query"
    assert f"Table {table} has" in finding.sentence
    assert "restore query" in finding.sentence
