"""Query tables: what the journal says, laid out for questions.

The projection is a fold of the journal and nothing else. It may be dropped and made again at any
time; `mark` says how far it has come, and moves in the same database transaction as the rows. Work
is done a stretch of records at a time and set by set, because the rows are the greater part of all
work: current holdings touched by a stretch are fetched together, changed in memory, written once.

A holding is known by its account and its last serial: one that lost its oldest units is the same
row with another beginning. What is asked of an account lies together (`entry`, `holding`,
`balance`), because rows that lie together are written and read together.
"""

from __future__ import annotations

import hashlib
from typing import Any

from openets.kernel.batch import decode_batch, genesis
from openets.kernel.records import Transaction
from openets.ledger.journal import Journal
from openets.ledger.stretch import Stretch
from openets.storage.database import Database

STRETCH_RECORDS = 20_000

# Columns that hold serials are BIGINT on PostgreSQL; no foreign key points here from anywhere.
TABLES: dict[str, tuple[str, ...]] = {
    "mark": ("name TEXT PRIMARY KEY", "sequence {id} NOT NULL", "head {bytes} NOT NULL"),
    "record": (
        "sequence {id} PRIMARY KEY",
        "key {bytes} NOT NULL",
        "effective {id} NOT NULL",
        "recorded {id} NOT NULL",
        "type {id} NOT NULL",
        "year {id} NOT NULL",
        "transferring {id} NOT NULL",
        "acquiring {id} NOT NULL",
        "refers_to {id} NOT NULL",
        "quantity {id} NOT NULL",
        "act TEXT",
    ),
    "block": (
        "sequence {id} NOT NULL",
        "kind {id} NOT NULL",
        "first_serial {id} NOT NULL",
        "last_serial {id} NOT NULL",
        "PRIMARY KEY (sequence, kind, first_serial)",
    ),
    "entry": (
        "account {id} NOT NULL",
        "sequence {id} NOT NULL",
        "kind {id} NOT NULL",
        "quantity {id} NOT NULL",  # received, or with a minus given
        "PRIMARY KEY (account, sequence, kind)",
    ),
    "leg": (
        "sequence {id} NOT NULL",
        "account {id} NOT NULL",
        "currency TEXT NOT NULL",
        "cents {id} NOT NULL",
    ),
    "kind": (
        "kind {id} PRIMARY KEY",
        "unit TEXT NOT NULL",
        "registry TEXT NOT NULL",
        "original_period {id} NOT NULL",
        "applicable_period {id} NOT NULL",
    ),
    "account": (
        "number {id} PRIMARY KEY",
        "registry TEXT NOT NULL",
        "type TEXT NOT NULL",
        "period {id} NOT NULL",
        "operator TEXT",
        "status TEXT NOT NULL",
        "opened {id} NOT NULL",
    ),
    "frozen": ("scope TEXT PRIMARY KEY", "sequence {id} NOT NULL"),
    "holding": (
        "account {id} NOT NULL",
        "kind {id} NOT NULL",
        "last_serial {id} NOT NULL",
        "first_serial {id} NOT NULL",
        "acquired {id} NOT NULL",
        "PRIMARY KEY (account, kind, last_serial)",
    ),
    "balance": (
        "account {id} NOT NULL",
        "kind {id} NOT NULL",
        "quantity {id} NOT NULL",
        "PRIMARY KEY (account, kind)",
    ),
    "emission": (
        "account {id} NOT NULL",
        "year {id} NOT NULL",
        "tonnes {id} NOT NULL",
        "PRIMARY KEY (account, year)",
    ),
}
TABLES_MADE = tuple(
    f"CREATE TABLE {table} ({', '.join(columns)})"
    + (" {clustered}" if columns[-1].startswith("PRIMARY KEY") else "")
    for table, columns in TABLES.items()
)
SHAPE = hashlib.sha256("\n".join(TABLES_MADE).encode()).digest()
KEY = ("account {id}", "kind {id}", "last_serial {id}")  # of a holding

# What came and went, account by account, in the records from one sequence to another.
MOVED = (
    "SELECT r.acquiring AS account, b.sequence AS sequence, b.kind AS kind,"
    " b.last_serial - b.first_serial + 1 AS quantity"
    " FROM block b JOIN record r ON r.sequence = b.sequence WHERE b.sequence BETWEEN ? AND ?"
    " UNION ALL"
    " SELECT r.transferring, b.sequence, b.kind, b.first_serial - b.last_serial - 1"
    " FROM block b JOIN record r ON r.sequence = b.sequence WHERE b.sequence BETWEEN ? AND ?"
    " AND r.transferring > 0"
)
ENTRIES_ADDED = (
    "INSERT INTO entry (account, sequence, kind, quantity)"
    f" SELECT account, sequence, kind, SUM(quantity) FROM ({MOVED}) moved"
    " GROUP BY account, sequence, kind ORDER BY account, sequence, kind"
)
# Also where it comes to nothing: rows must not depend on how far a stretch went.
BALANCES_CHANGED = (
    "INSERT INTO balance (account, kind, quantity)"
    f" SELECT account, kind, SUM(quantity) FROM ({MOVED}) moved"
    " GROUP BY account, kind ORDER BY account, kind"
    " ON CONFLICT (account, kind) DO UPDATE SET quantity = balance.quantity + excluded.quantity"
)

Key = tuple[int, int, int]
Holding = tuple[int, int, int, int, int]  # its key, its first serial, the record that acquired it


def columns_of(table: str) -> list[str]:
    """The columns of a table as they are declared."""
    return [column for column in TABLES[table] if not column.startswith("PRIMARY KEY")]


class Projection:
    """The query tables in one database, and the work of keeping them up with the journal."""

    def __init__(self, database: Database, store: bytes) -> None:
        self.database = database
        self.start = genesis(store)  # the head before the first record

    def create(self) -> None:
        """Makes empty tables; old ones are dropped, since nothing is in them but the journal's."""
        with self.database.durable("projection.create"):
            for table in TABLES:
                self.database.run(f"DROP TABLE IF EXISTS {table}")
            for statement in TABLES_MADE:
                self.database.run(statement)
            for mark in (("journal", 0, self.start), ("shape", 0, SHAPE)):
                self.database.run("INSERT INTO mark VALUES (?, ?, ?)", mark)

    def is_of_this_release(self) -> bool:
        """True if the tables there are have the shape this release gives them."""
        if not self.database.has_table("mark"):
            return False
        found = self.database.row("SELECT head FROM mark WHERE name = 'shape'")
        return found is not None and bytes(found[0]) == SHAPE

    def mark(self) -> tuple[int, bytes]:
        """How far the tables have come: the last sequence and the chain's head there."""
        found = self.database.row("SELECT sequence, head FROM mark WHERE name = 'journal'")
        return (int(found[0]), bytes(found[1])) if found else (0, self.start)

    def catch_up(self, journal: Journal, until: int | None = None) -> int:
        """Brings the tables up to the journal (or to record `until`); returns how many were new."""
        before, head = self.mark()
        last = written = before
        stretch = Stretch()
        for row in journal.rows(before):
            if until is not None and row.first > until:
                break
            batch = decode_batch(row.envelope)
            stretch.take(batch.records, row.receipt.tree_head.recorded)
            last, head = batch.last, batch.head
            if last - written >= STRETCH_RECORDS:
                self._write(stretch, last, head)
                stretch, written = Stretch(), last
        if last > written:
            self._write(stretch, last, head)
        return last - before

    def _write(self, stretch: Stretch, last: int, head: bytes) -> None:
        database = self.database
        with database.durable("projection.commit"):
            for table, rows in (
                ("record", stretch.records),
                ("block", stretch.blocks),
                ("leg", stretch.legs),
                ("kind", stretch.kinds),
                ("account", stretch.accounts),
            ):
                if rows:
                    database.copy_rows(table, columns_of(table), rows)
            if stretch.moves:
                self._move(stretch.moves)
            database.run_many(
                "UPDATE account SET status = ? WHERE number = ?",
                [(status, number) for number, status in stretch.statuses.items()],
            )
            self._keep_figures(stretch.emissions)
            self._keep_freezes(stretch.frozen)
            database.run(
                "UPDATE mark SET sequence = ?, head = ? WHERE name = 'journal'", (last, head)
            )

    def _move(self, moves: list[Transaction]) -> None:
        """What follows from the moves: entries and balances by the engine, holdings here."""
        span = (moves[0].sequence, moves[-1].sequence)
        self.database.run(ENTRIES_ADDED, span * 2)
        self.database.run(BALANCES_CHANGED, span * 2)
        holdings = Holdings(self.database, moves)
        for transaction in moves:
            holdings.move(transaction)
        holdings.write()

    def _keep_figures(self, emissions: dict[tuple[int, int], int | None]) -> None:
        if not emissions:
            return
        self.database.merge_rows(
            "emission",
            columns_of("emission"),
            sorted((*place, one) for place, one in emissions.items() if one is not None),
            "ON CONFLICT (account, year) DO UPDATE SET tonnes = excluded.tonnes",
        )
        self.database.run_many(
            "DELETE FROM emission WHERE account = ? AND year = ?",
            [place for place, one in emissions.items() if one is None],
        )

    def _keep_freezes(self, frozen: dict[str, int]) -> None:
        self.database.run_many("DELETE FROM frozen WHERE scope = ?", [(one,) for one in frozen])
        self.database.run_many(
            "INSERT INTO frozen (scope, sequence) VALUES (?, ?)",
            [(scope, since) for scope, since in frozen.items() if since],
        )


class Holdings:
    """The holdings a stretch touches: fetched together, changed in memory, written together."""

    def __init__(self, database: Database, moves: list[Transaction]) -> None:
        self._database = database
        self._now: dict[tuple[int, int], Holding] = {}  # by kind and first serial
        self._fetched: set[Key] = set()
        self._gone: list[Key] = []
        self._fetch(moves)

    def move(self, transaction: Transaction) -> None:
        """Takes the blocks out of the holdings they lie in, and to where they go."""
        sequence, sender, receiver = (
            transaction.sequence,
            transaction.transferring,
            transaction.acquiring,
        )
        for kind, start, end in transaction.blocks:
            if sender:
                self._cut(sender, kind, start, end)
            self._now[kind, start] = (receiver, kind, end, start, sequence)

    def write(self) -> None:
        """Writes what became of them."""
        self._database.delete_rows("holding", KEY, self._gone)
        self._database.merge_rows(
            "holding",
            columns_of("holding"),
            sorted(self._now.values()),
            "ON CONFLICT (account, kind, last_serial) DO UPDATE"
            " SET first_serial = excluded.first_serial, acquired = excluded.acquired",
        )

    def _fetch(self, moves: list[Transaction]) -> None:
        """One query for the holdings that blocks lie in."""
        database = self._database
        database.run(f"CREATE TEMPORARY TABLE IF NOT EXISTS touched ({', '.join(KEY)})")
        database.run("DELETE FROM touched")
        database.copy_rows("touched", KEY, sorted(touched_by(moves)))
        for row in database.rows(
            "SELECT DISTINCT h.account, h.kind, h.last_serial, h.first_serial, h.acquired"
            " FROM touched t JOIN holding h ON h.account = t.account AND h.kind = t.kind"
            " AND h.last_serial = (SELECT MIN(last_serial) FROM holding"
            " WHERE account = t.account AND kind = t.kind AND last_serial >= t.last_serial)"
        ):
            self._keep(row)

    def _keep(self, row: Any) -> None:
        self._now[row[1], row[3]] = row
        self._fetched.add(row[:3])

    def _cut(self, sender: int, kind: int, start: int, end: int) -> None:
        """Takes serials out of a holding; what is left of it stays where it was."""
        first = start if (kind, start) in self._now else self._first_of(sender, kind, start)
        account, _, last, _, acquired = self._now.pop((kind, first))
        if first < start:
            self._now[kind, first] = (account, kind, start - 1, first, acquired)
        if end < last:
            self._now[kind, end + 1] = (account, kind, last, end + 1, acquired)
        elif (account, kind, last) in self._fetched:
            self._gone.append((account, kind, last))

    def _first_of(self, account: int, kind: int, serial: int) -> int:
        """Where the holding of a serial begins that is not its first, or was not fetched yet."""
        row = self._database.row(
            "SELECT account, kind, last_serial, first_serial, acquired FROM holding"
            " WHERE account = ? AND kind = ? AND last_serial >= ? ORDER BY last_serial LIMIT 1",
            (account, kind, serial),
        )
        if row is not None and row[:3] not in self._fetched and row[3] <= serial:
            self._keep(row)
            return int(row[3])
        for _, of, last, first, _ in self._now.values():
            if of == kind and first < serial <= last:
                return first
        raise ValueError(f"No holding contains serial {serial} of kind {kind}.")


def touched_by(moves: list[Transaction]) -> list[Key]:
    """Whose blocks were that the moves do not bring themselves, and where each ends.

    Where a block begins behind one that went before it, it is taken for the rest of the same
    holding, as it is nearly always.
    """
    found: list[Key] = []
    brought: dict[tuple[int, int], int] = {}  # kind and first serial, to the account
    for transaction in moves:
        sender, receiver = transaction.transferring, transaction.acquiring
        for kind, start, end in transaction.blocks:
            if sender:
                if brought.get((kind, start)) != sender:
                    found.append((sender, kind, end))
                brought[kind, end + 1] = sender
            brought[kind, start] = receiver
    return found
