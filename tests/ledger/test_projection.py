"""The query tables are a fold of the journal, in whatever stretches, and answer the questions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from openets.ledger import projection as projecting
from openets.ledger import reads, tracing
from openets.ledger.post import Writer
from openets.ledger.projection import TABLES, Projection
from openets.ledger.store import open_writer
from openets.storage.database import Database
from openets.translog.client import open_local_log
from tests.busy_world import CLOSED, FROZEN, MORE, SCENE, SPARE
from tests.conftest import MakeDatabase
from tests.small_world import FIRST, PARTY, RETIREMENT, SECOND, make_store


@pytest.fixture
def writer(tmp_path: Path, make_database: MakeDatabase) -> Iterator[Writer]:
    urls = {role: make_database(role) for role in ("journal", "query", "log")}
    store = make_store(tmp_path / "store", urls)
    log = open_local_log(store.log_directory)
    with closing(open_writer(store, log)) as writer:
        for request in [*SCENE, *MORE]:
            (outcome,) = writer.post([request])
            assert outcome.completed, outcome.refusals
        writer.store = store  # type: ignore[attr-defined]
        yield writer
    log.stop()


def rows(database: Database) -> dict[str, list[tuple[object, ...]]]:
    return {
        table: sorted(
            tuple(bytes(cell) if isinstance(cell, memoryview) else cell for cell in row)
            for row in database.rows(f"SELECT * FROM {table}")
        )
        for table in TABLES
        if table != "record"
    }


def projected(writer: Writer) -> Projection:
    projection: Projection = writer.store.projection()  # type: ignore[attr-defined]
    projection.create()
    return projection


def test_any_stretch_gives_the_same_tables(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    projection = projected(writer)
    with closing(projection.database) as database:
        projection.catch_up(writer.journal)
        whole = rows(database)
        for stretch in (1, 2, 3, 7):
            monkeypatch.setattr(projecting, "STRETCH_RECORDS", stretch)
            projection.create()
            assert projection.catch_up(writer.journal) == writer.book.sequence
            assert rows(database) == whole
        assert projection.catch_up(writer.journal) == 0
        assert projection.mark() == (writer.book.sequence, writer.book.head)


def test_the_tables_say_what_the_book_says(writer: Writer) -> None:
    projection = projected(writer)
    with closing(projection.database) as database:
        projection.catch_up(writer.journal)
        book = writer.book
        held = sorted(
            (kind, first, last, account)
            for kind, first, last, account in database.rows(
                "SELECT kind, first_serial, last_serial, account FROM holding"
            )
        )
        assert held == sorted(
            (kind, first, last, account)
            for (account, kind), queue in book.queues.items()
            for first, last in queue.blocks()
        )
        for account, kind, quantity in database.rows("SELECT * FROM balance"):
            assert quantity == book.held(account, kind)
        assert list(database.rows("SELECT * FROM emission")) == [(FIRST, 2006, 55)]
        statuses = dict(database.rows("SELECT number, status FROM account"))
        assert statuses == {number: found.status for number, found in book.accounts.items()}


def test_what_lies_nowhere_is_not_moved(writer: Writer) -> None:
    projection = projected(writer)
    with closing(projection.database) as database:
        projection.catch_up(writer.journal, until=writer.book.sequence - 5)
        before = projection.mark()
        database.run("DELETE FROM holding")
        with pytest.raises(ValueError, match="No holding contains what record"):
            projection.catch_up(writer.journal)
        assert projection.mark() == before


def test_questions_are_answered(writer: Writer) -> None:
    projection = projected(writer)
    with closing(projection.database) as database:
        projection.catch_up(writer.journal)
        view = reads.account(database, FIRST)
        assert view is not None
        assert (view.number, view.registry, view.type) == (FIRST, "AT", "operator-holding")
        assert view.holdings == [("allowance-2005-2007", "AT", 195, 0)]
        assert reads.account(database, 99) is None
        frozen, closed = reads.account(database, FROZEN), reads.account(database, CLOSED)
        assert frozen is not None and closed is not None
        assert (frozen.frozen > 0, closed.frozen, closed.status) == (True, 0, "closed")
        entries = reads.statement(database, FIRST)
        assert [(entry.quantity, entry.balance) for entry in entries] == [
            (300, 300),
            (-50, 250),
            (-10, 240),
            (-60, 180),
            (15, 195),
        ]
        assert [entry.other for entry in entries] == [PARTY, RETIREMENT, SPARE, SPARE, SPARE]
        record = reads.record(database, entries[3].sequence)
        assert record is not None
        assert [(first, last) for *_, first, last in record.blocks] == [(51, 99), (110, 120)]
        paid = reads.record(database, entries[4].sequence)
        assert paid is not None
        assert sorted(paid.legs) == [(FIRST, "EUR", -500), (SPARE, "EUR", 500)]
        assert reads.record(database, 999) is None
        hops = tracing.trace_serials(database, "AT", 105, 105, "forward").hops
        assert [(hop.transferring, hop.acquiring) for hop in hops] == [
            (0, PARTY),
            (PARTY, FIRST),
            (FIRST, SPARE),
            (SPARE, FIRST),
        ]
        assert tracing.trace_serials(database, "AT", 1_001, 1_001, "forward").hops == []
        assert tracing.trace_serials(database, "SI", 1, 1, "forward").hops == []
        assert len(reads.statement(database, SECOND)) == 1
