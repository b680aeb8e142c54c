"""Opening a database: the same few verbs on SQLite and on PostgreSQL.

Both books keep whole batches as rows of bytes, so they need very little of a database: durable
commits, ordered reads, and certainty that only one process writes. SQL is written once, with `?`
for parameters, `{bytes}` and `{id}` for the two types whose names differ, and `{clustered}` after a
table whose rows lie in the order of its primary key where the engine can do that.

SQLite runs in WAL mode with synchronous=FULL: a commit that returned survives a loss of power.
PostgreSQL runs with its own default, synchronous_commit=on. Only what can be made again does
without (`Database.allow_loss`).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext, suppress
from itertools import count
from pathlib import Path
from typing import Any

from openets.storage.boundary import boundary

BUSY_SECONDS = 30
CACHE_KIBIBYTES = 65_536  # of pages; the default of 2 MB would be read again and again
POSTGRES_TYPES = {"{id}": "int8", "{bytes}": "bytea", "TEXT": "text"}
FETCH_ROWS = 64  # rows of whole batches are large; more at a time would only cost memory


class StorageError(Exception):
    """A database that cannot be opened, read or written; says which and why."""


class ServerAway(StorageError):
    """A database server that cannot be reached, or to which the connection was lost.

    Nothing will ever come over a lost connection: whoever had it is to begin anew.
    """


class HeldElsewhere(StorageError):
    """Another process writes this database."""


class Database:
    """One connection. `url` is `sqlite:PATH` or a `postgresql://` address."""

    def __init__(self, url: str, *, name: str, read_only: bool = False) -> None:
        self.url = url
        self.name = name
        self.is_sqlite = url.startswith("sqlite:")
        self._lock: int | None = None
        self._readings = count()
        self._error = sqlite3.Error if self.is_sqlite else _psycopg().Error  # what it raises
        try:
            if self.is_sqlite:
                self._connection: Any = _open_sqlite(Path(url.removeprefix("sqlite:")), read_only)
            else:
                self._connection = _psycopg().connect(url, autocommit=True)
        except (self._error, OSError) as error:
            kind = StorageError if self.is_sqlite else ServerAway
            raise kind(f"The {name} database cannot be opened at {url}: {error}") from error

    def _failure(self, what: str, error: Exception) -> StorageError:
        lost = not self.is_sqlite and self._connection.closed
        kind = ServerAway if lost else StorageError
        return kind(f"The {self.name} database {what}: {error}")

    def _sql(self, text: str) -> str:
        if self.is_sqlite:
            text = text.replace("{bytes}", "BLOB").replace("{id}", "INTEGER")
            return text.replace("{clustered}", "WITHOUT ROWID")
        text = text.replace("{bytes}", "BYTEA").replace("{id}", "BIGINT").replace("?", "%s")
        return text.replace("{clustered}", "")

    def run(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """Runs one statement; returns the number of rows it touched."""
        try:
            return int(self._connection.execute(self._sql(sql), parameters).rowcount)
        except self._error as error:
            raise self._failure("refused a statement", error) from error

    def run_many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Runs one statement for every row."""
        try:
            cursor = self._connection.cursor()
            cursor.executemany(self._sql(sql), rows)
            cursor.close()
        except self._error as error:
            raise self._failure("refused rows", error) from error

    def copy_rows(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Appends rows the fastest way the engine has: COPY on PostgreSQL, inserts on SQLite.

        `columns` are as they were declared, a name and a type, so that COPY can be binary.
        """
        if self.is_sqlite:
            self.merge_rows(table, columns, rows, "")
            return
        types = [POSTGRES_TYPES[column.split()[1]] for column in columns]
        try:
            with (
                self._connection.cursor() as cursor,
                cursor.copy(f"COPY {table} ({_names(columns)}) FROM STDIN (FORMAT BINARY)") as copy,
            ):
                copy.set_types(types)
                for row in rows:
                    copy.write_row(row)
        except self._error as error:
            raise self._failure("refused rows", error) from error

    def merge_rows(
        self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], on_conflict: str
    ) -> None:
        """Inserts rows, and does what `on_conflict` says where one is there already."""
        names = _names(columns)
        if self.is_sqlite:
            marks = ", ".join("?" * len(columns))
            self.run_many(f"INSERT INTO {table} ({names}) VALUES ({marks}) {on_conflict}", rows)
            return
        self.run(
            f"CREATE TEMPORARY TABLE IF NOT EXISTS new_{table} (LIKE {table}) ON COMMIT DELETE ROWS"
        )
        self.run(f"DELETE FROM new_{table}")  # of an earlier call in the same step
        self.copy_rows(f"new_{table}", columns, rows)
        self.run(f"INSERT INTO {table} ({names}) SELECT {names} FROM new_{table} {on_conflict}")

    def delete_rows(
        self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
    ) -> None:
        """Deletes the rows in which these columns have these values."""
        names = [column.split()[0] for column in columns]
        if self.is_sqlite:
            where = " AND ".join(f"{name} = ?" for name in names)
            self.run_many(f"DELETE FROM {table} WHERE {where}", rows)
            return
        self.run(
            f"CREATE TEMPORARY TABLE IF NOT EXISTS old_{table} ({', '.join(columns)})"
            " ON COMMIT DELETE ROWS"
        )
        self.run(f"DELETE FROM old_{table}")
        self.copy_rows(f"old_{table}", columns, rows)
        where = " AND ".join(f"{table}.{name} = old_{table}.{name}" for name in names)
        self.run(f"DELETE FROM {table} USING old_{table} WHERE {where}")

    def rows(
        self, sql: str, parameters: Sequence[object] = (), portion: int = FETCH_ROWS
    ) -> Iterator[tuple[Any, ...]]:
        """The rows of a query, read a portion at a time."""
        try:
            if self.is_sqlite:
                cursor = self._connection.execute(sql, parameters)
                while found := cursor.fetchmany(portion):
                    yield from found
                return
            name = f"rows{next(self._readings)}"  # several may be read side by side
            with self._in_transaction(), self._connection.cursor(name) as cursor:
                cursor.itersize = portion
                cursor.execute(self._sql(sql), parameters)
                yield from cursor
        except self._error as error:
            raise self._failure("cannot be read", error) from error

    def _in_transaction(self) -> Any:
        """What a cursor needs to live in on PostgreSQL: the transaction there is, or a new one."""
        idle = self._connection.info.transaction_status == _psycopg().pq.TransactionStatus.IDLE
        return self._connection.transaction() if idle else nullcontext()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """What is read inside is of one moment, whatever others write meanwhile."""
        self.run("BEGIN" if self.is_sqlite else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            yield
        finally:
            self._roll_back()

    def row(self, sql: str, parameters: Sequence[object] = ()) -> tuple[Any, ...] | None:
        """The first row of a query, or None."""
        try:
            found = self._connection.execute(self._sql(sql), parameters).fetchone()
        except self._error as error:
            raise self._failure("cannot be read", error) from error
        return tuple(found) if found is not None else None

    def next_number(self, table: str) -> int:
        """The number after the largest of a table, for a row of this durable write alone."""
        if not self.is_sqlite:  # on SQLite the open transaction is the only one
            self.run(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
        found = self.row(f"SELECT COALESCE(MAX(number), 0) + 1 FROM {table}")
        return int(found[0]) if found else 1

    @contextmanager
    def durable(self, step: str) -> Iterator[None]:
        """One durable write: what runs inside is on disk, whole, when the block ends.

        Announces the boundaries `step.before`, `step.during` (written, not yet committed) and
        `step.after` (committed, nobody told).
        """
        boundary(f"{step}.before")
        self.run("BEGIN IMMEDIATE" if self.is_sqlite else "BEGIN")
        try:
            yield
            boundary(f"{step}.during")
            self.run("COMMIT")
        except BaseException:
            self._roll_back()
            raise
        boundary(f"{step}.after")

    def allow_loss(self) -> None:
        """From here on a loss of power may take back what was committed last, always whole steps.

        For what can be made again from elsewhere: nobody then waits for the disk.
        """
        self.run(
            "PRAGMA synchronous = NORMAL" if self.is_sqlite else "SET synchronous_commit = off"
        )

    def _roll_back(self) -> None:
        try:
            self._connection.execute("ROLLBACK")
        except self._error:
            return  # the engine has already rolled back, or will when the connection closes

    def integrity(self, statements: Sequence[str]) -> str | None:
        """What the engine finds wrong with its own files, or None (SQLite only).

        `statements` are those that made the tables: a word changed in the stored ones would let
        the engine read the same bytes as something else.
        """
        if not self.is_sqlite:
            return None
        try:
            found = self._connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            made = _schema(self._connection)
        except (sqlite3.Error, UnicodeError) as error:
            return str(error)
        with closing(sqlite3.connect(":memory:")) as expected:
            for statement in statements:
                expected.execute(self._sql(statement))
            if found == "ok" and made != _schema(expected):
                return "its tables are not the ones that were made"
        return None if found == "ok" else str(found)

    def has_table(self, table: str) -> bool:
        """True if a table of this name exists."""
        where = "sqlite_master WHERE type = 'table' AND name = ?"
        if not self.is_sqlite:
            where = "pg_tables WHERE schemaname = current_schema() AND tablename = ?"
        return self.row(f"SELECT 1 FROM {where}", (table,)) is not None

    def hold(self, role: str) -> None:
        """Makes this process the only one in `role` here until it closes or dies."""
        if self.is_sqlite:
            path = self.url.removeprefix("sqlite:") + f".{role}.lock"
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                raise HeldElsewhere(self._held(role)) from None
            self._lock = descriptor
            return
        number = int.from_bytes(hashlib.sha256(role.encode()).digest()[:7], "big")
        held = self.row("SELECT pg_try_advisory_lock(?::bigint)", (number,))
        if held is None or not held[0]:
            raise HeldElsewhere(self._held(role))

    def _held(self, role: str) -> str:
        return f"Another process is already the {role} of the {self.name} database at {self.url}."

    def close(self) -> None:
        """Closes the connection and lets go of what `hold` took."""
        if not self.is_sqlite and not self._connection.closed:
            # The server notices a closed connection a moment later; whoever comes next must not
            # be turned away meanwhile.
            with suppress(self._error):
                self._connection.execute("SELECT pg_advisory_unlock_all()")
        self._connection.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _psycopg() -> Any:
    """The way to PostgreSQL, which takes a while to load and is not needed beside SQLite."""
    import psycopg

    return psycopg


def _names(columns: Sequence[str]) -> str:
    return ", ".join(column.split()[0] for column in columns)


def _schema(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
    """What a database says its tables and indexes are."""
    columns = "type, name, tbl_name, sql"
    return connection.execute(f"SELECT {columns} FROM sqlite_master ORDER BY name").fetchall()


def _open_sqlite(path: Path, read_only: bool) -> sqlite3.Connection:
    if read_only and not path.exists():
        raise StorageError(f"There is no database at {path}.")
    connection = sqlite3.connect(
        path, isolation_level=None, timeout=BUSY_SECONDS, check_same_thread=False
    )
    if read_only:
        connection.execute("PRAGMA query_only = ON")
        return connection
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIBIBYTES}")
    return connection
