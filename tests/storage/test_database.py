"""A database reads several queries side by side, and of one moment where that is asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from openets.storage.database import Database
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


def test_rows_are_read_side_by_side(url: str) -> None:
    with closing(Database(url, name="numbers", read_only=True)) as reader, reader.snapshot():
        up = reader.rows("SELECT number FROM number ORDER BY number", portion=3)
        down = reader.rows("SELECT number FROM number ORDER BY number DESC", portion=7)
        pairs = list(zip(up, down, strict=False))
        assert pairs == [((each,), (199 - each,)) for each in range(200)]
        assert next(up, None) is None and next(down, None) is None
