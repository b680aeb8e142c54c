"""Query tables: what the journal says, laid out for questions.

The projection is a fold of the journal and nothing else. It may be dropped and made again at any
time; `mark` says how far it has come, and moves in the same database transaction as the rows. Work
is done a stretch of records at a time and set by set, because the rows are the greater part of all
work: current holdings touched by a stretch are fetched together, changed in memory, written once.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from openets.kernel import acts
from openets.kernel.batch import decode_batch, genesis
from openets.kernel.records import ActRecord, Record, Transaction, decode_record
from openets.ledger.checks import OPEN, name_of_scope, scope_of
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
        "kind {id} NOT NULL",
        "first_serial {id} NOT NULL",
        "last_serial {id} NOT NULL",
        "account {id} NOT NULL",
        "acquired {id} NOT NULL",
        "PRIMARY KEY (kind, first_serial)",
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
INDEXES = (
    "CREATE INDEX record_transferring ON record (transferring, sequence)",
    "CREATE INDEX record_acquiring ON record (acquiring, sequence)",
    "CREATE INDEX block_sequence ON block (sequence)",
    "CREATE INDEX block_serial ON block (kind, first_serial)",
    "CREATE INDEX holding_account ON holding (account)",
)
TABLES_MADE = (
    *(f"CREATE TABLE {table} ({', '.join(columns)})" for table, columns in TABLES.items()),
    *INDEXES,
)


class Holding(NamedTuple):
    """A row of current holdings."""

    kind: int
    first: int
    last: int
    account: int
    acquired: int


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
            start = ("journal", 0, genesis(self.store))
            self.database.run("INSERT INTO mark VALUES (?, ?, ?)", start)

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
            for table in ("record", "block", "leg", "kind", "account"):
                if rows := stretch.rows[table]:
                    columns = [column.split()[0] for column in TABLES[table]]
                    database.copy_rows(table, columns, rows)
            self._write_holdings(stretch)
            database.run_many(
                "UPDATE account SET status = ? WHERE number = ?",
                [(status, number) for number, status in stretch.statuses.items()],
            )
            database.run_many(
                "INSERT INTO balance (account, kind, quantity) VALUES (?, ?, ?)"
                " ON CONFLICT (account, kind)"
                " DO UPDATE SET quantity = balance.quantity + excluded.quantity",
                # Also where it comes to nothing: rows must not depend on how far a stretch went.
                [(*place, change) for place, change in stretch.balances.items()],
            )
            database.run_many(
                "INSERT INTO emission (account, year, tonnes) VALUES (?, ?, ?)"
                " ON CONFLICT (account, year) DO UPDATE SET tonnes = excluded.tonnes",
                [(*place, one) for place, one in stretch.emissions.items() if one is not None],
            )
            database.run_many(
                "DELETE FROM emission WHERE account = ? AND year = ?",
                [place for place, one in stretch.emissions.items() if one is None],
            )
            database.run_many(
                "DELETE FROM frozen WHERE scope = ?", [(scope,) for scope in stretch.frozen]
            )
            database.run_many(
                "INSERT INTO frozen (scope, sequence) VALUES (?, ?)",
                [(scope, since) for scope, since in stretch.frozen.items() if since],
            )
            database.run("UPDATE mark SET sequence = ?, head = ?", (last, head))

    def _write_holdings(self, stretch: Stretch) -> None:
        before = self._fetch_touched(stretch)
        after = dict(before)
        for sequence, transaction in stretch.moves:
            for kind, start, end in transaction.blocks:
                if transaction.transferring:
                    self._cut(before, after, kind, start, end)
                after[kind, start] = Holding(kind, start, end, transaction.acquiring, sequence)
        gone = [place for place, row in before.items() if after.get(place) != row]
        new = [row for place, row in after.items() if before.get(place) != row]
        self.database.run_many("DELETE FROM holding WHERE kind = ? AND first_serial = ?", gone)
        self.database.copy_rows(
            "holding", ("kind", "first_serial", "last_serial", "account", "acquired"), new
        )

    def _fetch_touched(self, stretch: Stretch) -> dict[tuple[int, int], Holding]:
        """The holdings that begin where a moved block begins, in one query."""
        database = self.database
        database.run(
            "CREATE TEMPORARY TABLE IF NOT EXISTS touched (kind BIGINT, first_serial BIGINT)"
        )
        database.run("DELETE FROM touched")
        database.copy_rows("touched", ("kind", "first_serial"), stretch.touched())
        found = database.rows(
            "SELECT h.kind, h.first_serial, h.last_serial, h.account, h.acquired"
            " FROM touched t JOIN holding h"
            " ON h.kind = t.kind AND h.first_serial = t.first_serial"
        )
        return {(row[0], row[1]): Holding(*row) for row in found}

    def _cut(
        self,
        before: dict[tuple[int, int], Holding],
        after: dict[tuple[int, int], Holding],
        kind: int,
        start: int,
        end: int,
    ) -> None:
        """Takes serials out of the holding they lie in; what is left of it stays where it was."""
        row = after.pop((kind, start), None)
        if row is None:
            row = self._containing(before, after, kind, start)
            after[kind, row.first] = row._replace(last=start - 1)
        if row.last > end:
            after[kind, end + 1] = row._replace(first=end + 1)

    def _containing(
        self,
        before: dict[tuple[int, int], Holding],
        after: dict[tuple[int, int], Holding],
        kind: int,
        start: int,
    ) -> Holding:
        """The holding a serial lies in without being its first (serials that were named)."""
        for row in after.values():
            if row.kind == kind and row.first < start <= row.last:
                return row
        found = self.database.row(
            "SELECT kind, first_serial, last_serial, account, acquired FROM holding"
            " WHERE kind = ? AND first_serial < ? ORDER BY first_serial DESC LIMIT 1",
            (kind, start),
        )
        if found is None or found[2] < start:
            raise ValueError(f"No holding contains serial {start} of kind {kind}.")
        row = Holding(*found)
        before[kind, row.first] = after[kind, row.first] = row
        return row


class Stretch:
    """A run of records on its way into the tables."""

    def __init__(self) -> None:
        self.size = 0
        self.rows: dict[str, list[tuple[Any, ...]]] = {
            table: [] for table in ("record", "block", "leg", "kind", "account")
        }
        self.moves: list[tuple[int, Transaction]] = []
        self.balances: dict[tuple[int, int], int] = {}
        self.emissions: dict[tuple[int, int], int | None] = {}
        self.statuses: dict[int, str] = {}
        self.frozen: dict[str, int] = {}  # scope to the record that froze it, 0 where lifted

    def take(self, record: Record, recorded: int) -> None:
        """Adds a record."""
        self.size += 1
        self.rows["record"].append(record_row(record, recorded))
        if isinstance(record, Transaction):
            self._move(record)
        else:
            self._act(record, acts.parse_act(record.payload))

    def touched(self) -> set[tuple[int, int]]:
        """Where the moved blocks begin: (kind, first serial)."""
        return {
            (block.kind, block.start)
            for _, transaction in self.moves
            if transaction.transferring
            for block in transaction.blocks
        }

    def _move(self, transaction: Transaction) -> None:
        sequence, balances = transaction.sequence, self.balances
        self.moves.append((sequence, transaction))
        for kind, start, end in transaction.blocks:
            self.rows["block"].append((sequence, kind, start, end))
            if transaction.transferring:
                place = (transaction.transferring, kind)
                balances[place] = balances.get(place, 0) - (end - start + 1)
            place = (transaction.acquiring, kind)
            balances[place] = balances.get(place, 0) + (end - start + 1)
        for leg in transaction.legs:
            self.rows["leg"].append((sequence, *leg))

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


def record_row(record: Record, recorded: int) -> tuple[Any, ...]:
    """The row of a record, whichever form it has."""
    head = (record.sequence, record.key, record.effective, recorded)
    if isinstance(record, Transaction):
        return (
            *head,
            record.type,
            record.year,
            record.transferring,
            record.acquiring,
            record.refers_to,
            record.quantity,
            None,
        )
    return (*head, 0, 0, 0, 0, 0, 0, record.payload.decode())
