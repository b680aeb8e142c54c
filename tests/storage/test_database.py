"""A database reads several queries side by side, and of one moment where that is asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest

from openets.storage.database import Database, ServerAway, StorageError
from tests.conftest import MakeDatabase


@pytest.fixture
def url(make_database: MakeDatabase) -> Iterator[str]:
    url = make_database("numbers")
    with closing(Database(url, name="numbers")) as database:
        database.run("CREATE TABLE number (number {id} PRIMARY KEY)")
        database.run_many("INSERT INTO number VALUES (?)", [(each,) for each in range(200)])
    yield url


def test_a_snapshot_is_of_one_moment(url: str) -> None:
    counted = "SELECT COUNT(*) FROM number"
    with (
        closing(Database(url, name="numbers", read_only=True)) as reader,
        closing(Database(url, name="numbers")) as writer,
    ):
        with reader.snapshot():
            assert reader.row(counted) == (200,)
            writer.run("INSERT INTO number VALUES (?)", (200,))
            assert reader.row(counted) == (200,)
            assert len(list(reader.rows("SELECT number FROM number"))) == 200
        assert reader.row(counted) == (201,)


@pytest.mark.parametrize("make_database", ["postgresql"], indirect=True)
def test_a_connection_that_was_lost_is_told_from_other_failures(
    url: str, postgres_dsn: str
) -> None:
    with (
        closing(Database(url, name="numbers")) as database,
        psycopg.connect(postgres_dsn, autocommit=True) as server,
    ):
        with pytest.raises(StorageError) as refused:
            database.run("INSERT INTO number VALUES (1)")
        assert not isinstance(refused.value, ServerAway)
        pid = database.row("SELECT pg_backend_pid()")
        assert pid is not None
        server.execute("SELECT pg_terminate_backend(%s)", pid)
        for _ in range(2):  # nothing will ever come over it
            with pytest.raises(ServerAway, match="The numbers database"):
                database.row("SELECT 1")
        with pytest.raises(ServerAway):
            list(database.rows("SELECT number FROM number"))
    with pytest.raises(ServerAway, match="cannot be opened"):
        Database("postgresql://localhost:1/none", name="numbers")


def test_rows_are_read_side_by_side(url: str) -> None:
    with closing(Database(url, name="numbers", read_only=True)) as reader, reader.snapshot():
        up = reader.rows("SELECT number FROM number ORDER BY number", portion=3)
        down = reader.rows("SELECT number FROM number ORDER BY number DESC", portion=7)
        pairs = list(zip(up, down, strict=False))
        assert pairs == [((each,), (199 - each,)) for each in range(200)]
        assert next(up, None) is None and next(down, None) is None
