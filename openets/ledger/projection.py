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
from collections import defaultdict
from typing import Any

from openets.kernel import acts
from openets.kernel.batch import decode_batch, genesis
from openets.kernel.records import ActRecord, Record, Transaction, decode_record
from openets.ledger.checks import OPEN
from openets.ledger.frozen import name_of_scope, scope_of
from openets.ledger.journal import Journal
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
NO_MOVEMENT = (0, 0, 0, 0, 0, 0)  # of type, year, accounts, reference and quantity: an act's row

Key = tuple[int, int, int]
Holding = tuple[int, int, int, int, int]  # its key, its first serial, the record that acquired it


def columns_of(table: str) -> list[str]:
    """The columns of a table as they are declared."""
    return [column for column in TABLES[table] if not column.startswith("PRIMARY KEY")]


class Projection:
    """The query tables in one database, and the work of keeping them up with the journal."""

    def __init__(self, database: Database, store: bytes) -> None:
        self.database = database
        self.store = store

    def create(self) -> None:
        """Makes empty tables; old ones are dropped, since nothing is in them but the journal's."""
        with self.database.durable("projection.create"):
            for table in TABLES:
                self.database.run(f"DROP TABLE IF EXISTS {table}")
            for statement in TABLES_MADE:
                self.database.run(statement)
            for mark in (("journal", 0, genesis(self.store)), ("shape", 0, SHAPE)):
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
        return (int(found[0]), bytes(found[1])) if found else (0, genesis(self.store))

    def catch_up(self, journal: Journal, until: int | None = None) -> int:
        """Brings the tables up to the journal (or to record `until`); returns how many were new."""
        before, head = self.mark()
        stretch = Stretch()
        last = before
        for row in journal.rows(before):
            if until is not None and row.first > until:
                break
            batch = decode_batch(row.envelope)
            for data in batch.records:
                stretch.take(decode_record(data), row.receipt.tree_head.recorded)
            last, head = batch.last, batch.head
            if stretch.size >= STRETCH_RECORDS:
                self._write(stretch, last, head)
                stretch = Stretch()
        if stretch.size:
            self._write(stretch, last, head)
        return last - before

    def _write(self, stretch: Stretch, last: int, head: bytes) -> None:
        database = self.database
        with database.durable("projection.commit"):
            stretch.rows["entry"].sort()  # neighbours lie on the same page
            for table, rows in stretch.rows.items():
                if rows:
                    database.copy_rows(table, columns_of(table), rows)
            holdings = Holdings(database, stretch)
            for transaction in stretch.moves:
                holdings.move(transaction)
            holdings.write()
            database.run_many(
                "UPDATE account SET status = ? WHERE number = ?",
                [(status, number) for number, status in stretch.statuses.items()],
            )
            self._merge(
                "balance",
                # Also where it comes to nothing: rows must not depend on how far a stretch went.
                [(*place, change) for place, change in stretch.balances.items()],
                "(account, kind) DO UPDATE SET quantity = balance.quantity + excluded.quantity",
            )
            self._merge(
                "emission",
                [(*place, tonnes) for place, tonnes in stretch.emissions.items()],
                "(account, year) DO UPDATE SET tonnes = excluded.tonnes",
            )
            database.run_many(
                "DELETE FROM frozen WHERE scope = ?", [(scope,) for scope in stretch.frozen]
            )
            database.run_many(
                "INSERT INTO frozen (scope, sequence) VALUES (?, ?)",
                [(scope, since) for scope, since in stretch.frozen.items() if since],
            )
            database.run(
                "UPDATE mark SET sequence = ?, head = ? WHERE name = 'journal'", (last, head)
            )

    def _merge(self, table: str, rows: list[tuple[int, ...]], on_conflict: str) -> None:
        if rows:
            columns = columns_of(table)
            self.database.merge_rows(table, columns, sorted(rows), f"ON CONFLICT {on_conflict}")


class Holdings:
    """The holdings a stretch touches: fetched together, changed in memory, written together."""

    def __init__(self, database: Database, stretch: Stretch) -> None:
        self._database = database
        self._now: dict[tuple[int, int], Holding] = {}  # by kind and first serial
        self._fetched: set[Key] = set()
        self._gone: list[Key] = []
        self._fetch(stretch)

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

    def _fetch(self, stretch: Stretch) -> None:
        """One query for the holdings that blocks lie in."""
        database = self._database
        database.run(f"CREATE TEMPORARY TABLE IF NOT EXISTS touched ({', '.join(KEY)})")
        database.run("DELETE FROM touched")
        database.copy_rows("touched", KEY, sorted(stretch.touched()))
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


class Stretch:
    """A run of records on its way into the tables."""

    def __init__(self) -> None:
        self.size = 0
        self.rows: dict[str, list[tuple[Any, ...]]] = {
            table: [] for table in ("record", "block", "entry", "leg", "kind", "account")
        }
        self.moves: list[Transaction] = []
        self.balances: defaultdict[tuple[int, int], int] = defaultdict(int)
        self.emissions: dict[tuple[int, int], int] = {}
        self.statuses: dict[int, str] = {}
        self.frozen: dict[str, int] = {}  # scope to the record that froze it, 0 where lifted

    def take(self, record: Record, recorded: int) -> None:
        """Adds a record."""
        self.size += 1
        if isinstance(record, Transaction):
            self._move(record, recorded)
        else:
            text = record.payload.decode()
            row = (record.sequence, record.key, record.effective, recorded, *NO_MOVEMENT, text)
            self.rows["record"].append(row)
            self._act(record, acts.parse_act(record.payload))

    def touched(self) -> list[Key]:
        """Whose blocks were that the stretch itself does not bring, and where each ends.

        Where a block begins behind one that went before it, it is taken for the rest of the same
        holding, as it is nearly always.
        """
        found: list[Key] = []
        brought: dict[tuple[int, int], int] = {}  # kind and first serial, to the account
        for transaction in self.moves:
            sender, receiver = transaction.transferring, transaction.acquiring
            for kind, start, end in transaction.blocks:
                if sender:
                    if brought.get((kind, start)) != sender:
                        found.append((sender, kind, end))
                    brought[kind, end + 1] = sender
                brought[kind, start] = receiver
        return found

    def _move(self, transaction: Transaction, recorded: int) -> None:
        sequence, key, effective, type_, year, sender, receiver, refers_to, *_ = transaction
        blocks, entries, balances = self.rows["block"], self.rows["entry"], self.balances
        moved: dict[int, int] = {}
        for kind, start, end in transaction.blocks:
            blocks.append((sequence, kind, start, end))
            moved[kind] = moved.get(kind, 0) + end - start + 1
        for kind, quantity in moved.items():
            if sender:
                entries.append((sender, sequence, kind, -quantity))
                balances[sender, kind] -= quantity
            entries.append((receiver, sequence, kind, quantity))
            balances[receiver, kind] += quantity
        for leg in transaction.legs:
            self.rows["leg"].append((sequence, *leg))
        row = (sequence, key, effective, recorded, type_, year, sender, receiver, refers_to)
        self.rows["record"].append((*row, sum(moved.values()), None))
        self.moves.append(transaction)

    def _act(self, record: ActRecord, act: acts.Act) -> None:
        match act:
            case acts.KindDefined():
                self.rows["kind"].append(kind_row(act))
            case acts.AccountOpened():
                row = (act.number, act.registry, act.type, act.period, act.operator)
                self.rows["account"].append((*row, OPEN, record.effective))
            case acts.StatusChanged():
                self.statuses[act.account] = act.status
            case acts.Freeze() | acts.Lift():
                frozen = isinstance(act, acts.Freeze)
                self.frozen[name_of_scope(scope_of(act))] = record.sequence if frozen else 0
            case acts.EmissionsVerified():
                self.emissions[act.account, act.year] = act.tonnes


def kind_row(act: acts.KindDefined) -> tuple[Any, ...]:
    """The row of a kind."""
    return (act.kind, act.unit, act.registry, act.original_period, act.applicable_period)
