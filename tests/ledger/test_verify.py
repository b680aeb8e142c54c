"""`verify` on both engines: sound when nobody touched anything, and otherwise it says where."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from openets.kernel.acts import Act, act_of
from openets.kernel.batch import FROM_OFFICERS
from openets.kernel.records import Record
from openets.ledger import verify as proof
from openets.ledger.book import Book
from openets.ledger.journal import Journal, stored_records
from openets.ledger.projection import TABLES
from openets.ledger.store import Store, open_writer, read_book
from openets.ledger.verify import verify
from openets.storage.database import Database, StorageError
from openets.translog.client import Audit, audit, open_local_log
from openets.translog.store import load
from tests.busy_world import SCENE, SPARE
from tests.conftest import MakeDatabase
from tests.small_world import FIRST, KIND, RETIREMENT, SECOND, make_store, move
from tests.translog.batches import Forger
from tests.translog.worlds import officers, world_with_officers


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


def journal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on what is wrong with the log is not said, so that the journal's proof is heard."""
    monkeypatch.setattr(proof, "_believe", lambda log: None)


@pytest.mark.parametrize("alone", [False, True])
def test_a_rulebook_nobody_adopted_switches_no_law_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, alone: bool
) -> None:
    """Registry and log conspire: surrendered units come back, under a law that is not there."""
    forger = Forger(make_store(tmp_path / "store"), SCENE)
    back = forger.move("10-0", RETIREMENT, FIRST, (1, 50))
    forger.conspire(back, rulebook=bytes(32))
    forger.log.stop()
    if alone:
        journal_alone(monkeypatch)
    (finding,) = verify(forger.store).findings
    assert finding.record == back.sequence
    words = ("ledger.never-adopted", "journal") if alone else ("log.rulebook-not-adopted", "log")
    assert words[0] in finding.sentence
    assert finding.book == words[1]


def test_what_was_made_under_an_earlier_rulebook_is_counted(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = copy(store.rulebook)
    changed.digest = bytes(32)
    monkeypatch.setattr(Store, "rulebook", changed)
    result = verify(store)
    assert result.sound, result.findings
    assert result.not_judged == result.records == 27


def test_a_type_the_law_has_lost_is_no_reason_to_break_off(tmp_path: Path) -> None:
    forger = Forger(make_store(tmp_path / "store"), SCENE)
    forger.conspire(forger.move("63-999", FIRST, SPARE, (51, 52)))
    forger.log.stop()
    assert "log.type-unknown" in verify(forger.store).findings[0].sentence
    with closing(forger.store.journal().database) as database:
        assert read_book(forger.store, Journal(database)).held(SPARE, KIND) == 2


def test_officers_who_order_more_than_a_freeze_are_found_in_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = {role: f"sqlite:{tmp_path / role}" for role in ("journal", "query", "log")}
    forger = Forger(world_with_officers(tmp_path, urls), SCENE)
    sold = forger.move("10-0", FIRST, SECOND, (51, 52))
    forger.conspire(sold, origin=FROM_OFFICERS, signers=officers(tmp_path))
    forger.log.stop()
    journal_alone(monkeypatch)
    (finding,) = verify(forger.store).findings
    assert (finding.book, finding.record) == ("journal", sold.sequence)
    assert "ledger.order" in finding.sentence


@pytest.mark.parametrize(
    ("statement", "changed"),
    [
        ("DELETE FROM journal_meta WHERE key = 'mode'", {}),
        ("DELETE FROM journal_meta WHERE key = 'officer_keys'", {}),
        ("SELECT 1", {"mode": "live"}),
        ("SELECT 1", {"officer_keys": ()}),
    ],
)
def test_what_the_store_is_stands_in_three_places(
    store: Store, statement: str, changed: dict[str, Any]
) -> None:
    with closing(Database(store.journal_url, name="journal")) as database:
        database.run(statement)
    other = replace(store, **changed)
    (finding,) = verify(other).findings
    assert "another store than the configuration says" in finding.sentence
    log = open_local_log(store.log_directory)
    with pytest.raises(StorageError, match="is of another store than"):
        open_writer(other, log)
    log.stop()


def test_a_first_record_that_says_another_thing_is_found(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has the registry's key could seal other words beside the journal, but not in it."""
    other = replace(store, mode="live")
    monkeypatch.setattr(Journal, "meta", lambda journal, key: other.meta())
    (finding,) = verify(other).findings
    assert (finding.book, finding.record) == ("journal", 1)


def test_tables_that_are_behind_are_proved_as_far_as_they_have_come(store: Store) -> None:
    projection, journal = store.projection(), store.journal(read_only=True)
    with closing(projection.database), closing(journal.database):
        projection.create()
        projection.catch_up(journal, until=24)
    result = verify(store)
    assert result.sound
    assert result.proved[-1].endswith("journal up to record 24, which they have reached")


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
