"""Somebody changes a stored book behind the registry's back: the totals show it, `verify` names it.

The thief writes to the database itself and knows the format: what is left is well formed, the row's
own counts fit, and every reader decodes it. The insider even holds the registry's key, and signs
and chains the changed batch anew. Only the log's key is out of reach.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from openets.kernel.acts import AccountOpened, parse_act
from openets.kernel.batch import Batch, decode_batch, encode_batch, extend_chain
from openets.kernel.records import ActRecord, Transaction, decode_record, type_code
from openets.kernel.signing import SigningKey
from openets.ledger.journal import stored_records
from openets.ledger.store import Store, open_store
from openets.storage.database import Database
from openets.translog import client
from openets.translog.store import load
from openets.world.table import compare
from openets.world.totals import sum_records
from tests.stories.command_line import officers, rows_as_csv, run, say
from tests.world.small_europe import small_figures

ALLOCATION, SURRENDER = type_code("10-53"), type_code("10-2")


class Book(NamedTuple):
    """Where a book keeps its batches: the column of the bytes, and the one that counts records."""

    name: str
    table: str
    envelope: str
    count: str

    def open(self, store: Store) -> Database:
        url = store.journal_url if self.name == "journal" else load(store.log_directory).url
        return Database(url, name=f"stolen {self.name}")


JOURNAL = Book("journal", "journal_batch", "envelope", "count")
LOG = Book("log", "log_batch", "batch", "last")
BOOKS = [JOURNAL, LOG]


def find_batch(database: Database, book: Book, type_: int) -> tuple[Batch, bytes, int]:
    """The batch, its stored bytes, and the place in it of a transaction of a type."""
    sql = f"SELECT {book.envelope} FROM {book.table} ORDER BY first"
    for (envelope,) in list(database.rows(sql)):
        batch = decode_batch(bytes(envelope))
        for place, data in enumerate(batch.records):
            record = decode_record(data)
            if isinstance(record, Transaction) and record.type == type_:
                return batch, bytes(envelope), place
    raise AssertionError("nothing to steal")


def write_batch(
    database: Database, book: Book, batch: Batch, records: list[bytes], key: SigningKey | None
) -> None:
    """Puts other records into a stored batch. Without a key the old signatures stay under it."""
    head = extend_chain(batch.previous, records) if key is not None else batch.head
    envelope = encode_batch(
        origin=batch.origin,
        store=batch.store,
        epoch=batch.epoch,
        first=batch.first,
        previous=batch.previous,
        head=head,
        rulebook=batch.rulebook,
        records=records,
        signers=[key] if key is not None else [],
    )
    if key is None:
        old = b"".join(part for signature in batch.signatures for part in signature)
        envelope = envelope[:-1] + bytes([len(batch.signatures)]) + old
    assert decode_batch(envelope).records == tuple(records)
    count = len(records) if book is JOURNAL else batch.first + len(records) - 1
    database.run(
        f"UPDATE {book.table} SET {book.envelope} = ?, {book.count} = ? WHERE first = ?",
        (envelope, count, batch.first),
    )


def elsewhere(store: Store, account: int) -> int:
    """An operator's account of another registry than this one's."""
    with closing(Database(store.journal_url, name="journal")) as database:
        opened = {
            act.number: act
            for record in stored_records(database)
            if isinstance(record, ActRecord)
            and isinstance(act := parse_act(record.payload), AccountOpened)
        }
    mine = opened[account]
    return next(
        number
        for number, other in opened.items()
        if other.registry != mine.registry and other.type == mine.type
    )


Theft = Callable[[Store, Database, Book, SigningKey | None], range]


def changed(
    type_: int, change: Callable[[Store, Transaction], Transaction | None]
) -> Callable[..., range]:
    """A theft that puts another transaction, or none, in the place of one."""

    def steal(store: Store, database: Database, book: Book, key: SigningKey | None) -> range:
        batch, _, place = find_batch(database, book, type_)
        record = decode_record(batch.records[place])
        assert isinstance(record, Transaction)
        other = change(store, record)
        put = [other.encode()] if other is not None else []
        records = [*batch.records[:place], *put, *batch.records[place + 1 :]]
        write_batch(database, book, batch, records, key)
        return range(batch.first, batch.last + 1)

    return steal


def one_unit_less(_: Store, record: Transaction) -> Transaction:
    block = record.blocks[0]
    return record._replace(blocks=(block._replace(end=block.end - 1), *record.blocks[1:]))


def to_another(store: Store, record: Transaction) -> Transaction:
    return record._replace(acquiring=elsewhere(store, record.acquiring))


def from_another(store: Store, record: Transaction) -> Transaction:
    return record._replace(transferring=elsewhere(store, record.transferring))


def another_year(_: Store, record: Transaction) -> Transaction:
    return record._replace(year=record.year + 1)


def nothing(_: Store, __: Transaction) -> None:
    return None


def copy_row(store: Store, database: Database, book: Book, key: SigningKey | None) -> range:
    """Puts a copy of a stored batch after the last one, with numbers that follow."""
    batch, envelope, _ = find_batch(database, book, ALLOCATION)
    row: Any = database.row(f"SELECT * FROM {book.table} WHERE first = ?", (batch.first,))
    newest: Any = database.row(f"SELECT MAX(first) FROM {book.table}")
    last: Any = database.row(
        f"SELECT {book.envelope} FROM {book.table} WHERE first = ?", (newest[0],)
    )
    follows = decode_batch(bytes(last[0])).last + 1
    count = row[1] if book is JOURNAL else follows + len(batch.records) - 1
    marks = ", ".join("?" * len(row))
    database.run(f"INSERT INTO {book.table} VALUES ({marks})", (follows, count, *row[2:]))
    assert envelope in row
    return range(follows, follows + 1)


THEFTS: dict[str, Theft] = {
    "drop an allocation": changed(ALLOCATION, nothing),
    "drop a surrender": changed(SURRENDER, nothing),
    "duplicate": copy_row,
    "allocate less": changed(ALLOCATION, one_unit_less),
    "surrender less": changed(SURRENDER, one_unit_less),
    "allocate to another": changed(ALLOCATION, to_another),
    "surrender for another": changed(SURRENDER, from_another),
    "surrender for another year": changed(SURRENDER, another_year),
}


def assert_found(directory: Path, book: Book, records: range) -> None:
    """The totals differ from what was published, and `verify` names book and record."""
    store = open_store(directory)
    with closing(Database(store.journal_url, name="journal", read_only=True)) as database:
        ledger = sum_records(stored_records(database), store.rulebook)
    log = sum_records(client.stored_records(store.log_directory), store.rulebook)
    _, differences = compare(small_figures(), ledger, log)
    assert differences
    for found in differences:
        honest, stolen = (found.ledger, found.log) if book is LOG else (found.log, found.ledger)
        assert honest == found.published != stolen
    table = run("totals", store=directory)
    assert re.search(r"compared in both books; \d+ differ", table)
    assert sum(int(row["difference"] or 0) for row in rows_as_csv("totals", store=directory)) > 0
    said = say("verify", store=directory)
    assert said.code == 1
    named = re.search(r"book: (\w+), batch: \d+, record: (\d+)", said.out)
    assert named is not None, said.out
    assert named[1] == book.name
    assert int(named[2]) in records


def test_nothing_is_found_where_nothing_was_changed(store: Path) -> None:
    assert "56 cells of registry, year and kind compared in both books; none differs." in run(
        "totals", store=store
    )
    assert {row["difference"] for row in rows_as_csv("totals", store=store)} == {"0", ""}
    assert say("verify", store=store).code == 0


@pytest.mark.parametrize("insider", [False, True], ids=["thief", "insider"])
@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.name)
@pytest.mark.parametrize("theft", THEFTS)
def test_a_changed_transaction_shows(store: Path, theft: str, book: Book, insider: bool) -> None:
    opened = open_store(store)
    key = opened.registry_key() if insider else None
    with closing(book.open(opened)) as database:
        records = THEFTS[theft](opened, database, book, key)
    assert_found(store, book, records)


@pytest.mark.parametrize("theft", ["drop a surrender", "allocate less", "allocate to another"])
def test_both_books_changed_alike_by_the_insider_are_still_found(store: Path, theft: str) -> None:
    """The books agree with one another then, but not with what the log has signed."""
    opened = open_store(store)
    for book in BOOKS:
        with closing(book.open(opened)) as database:
            records = THEFTS[theft](opened, database, book, opened.registry_key())
    said = say("verify", store=store)
    assert said.code == 1
    named = re.search(r"book: log, batch: \d+, record: (\d+)", said.out)
    assert named is not None and int(named[1]) in records, said.out
    assert "none differs" not in run("totals", store=store)


def test_bytes_that_are_no_batch_are_named_and_no_command_breaks(store: Path) -> None:
    opened = open_store(store)
    with closing(JOURNAL.open(opened)) as database:
        batch, envelope, _ = find_batch(database, JOURNAL, ALLOCATION)
        sql = "UPDATE journal_batch SET envelope = ? WHERE first = ?"
        database.run(sql, (envelope[:-1], batch.first))
    said = say("totals", store=store)
    assert said.code == 1
    assert "A stored row cannot be read" in said.error
    said = say("verify", store=store)
    assert said.code == 1
    assert f"book: journal, batch: {batch.first}, record: {batch.first}" in said.out
    said = say("log", "freeze", 12, *officers(store), "--reason", "drill", store=store)
    assert said.code == 1
    assert "A stored row cannot be read" in said.error


def test_a_changed_word_in_the_query_tables_is_named(store: Path) -> None:
    with closing(Database(open_store(store).query_url, name="query")) as database:
        assert database.run("UPDATE balance SET quantity = quantity + 1 WHERE account = 12")
    said = say("verify", store=store)
    assert said.code == 1
    assert "Table balance has (12, " in said.out
    assert "book: query" in said.out
    run("restore", "query", store=store)
    assert say("verify", store=store).code == 0
