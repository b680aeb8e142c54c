"""Query tables: what the journal says, laid out for questions.

The projection is a fold of the journal and nothing else. It may be dropped and made again at any
time; `mark` says how far it has come, and moves in the same database transaction as the rows. Work
is done a stretch of records at a time and set by set, because the rows are the greater part of all
work. The engine is handed what the records say (`stretch.py`) and adds up entries and balances from
it by itself; holdings that a stretch takes from are looked up together, cut, and written once.

A holding is known by its account and its last serial: one that lost its oldest units is the same
row with another beginning. What is asked of an account lies together (`entry`, `holding`,
`balance`), because rows that lie together are written and read together.
"""

from __future__ import annotations

import hashlib
from itertools import chain, pairwise

from openets.kernel.batch import decode_batch, genesis
from openets.kernel.records import Transaction
from openets.ledger.journal import Journal
from openets.ledger.stretch import Stretch
from openets.storage.database import Database

STRETCH_RECORDS = 131_072  # of longer ones the rows would fill the memory; shorter are more work

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
TOUCHED = (*KEY, "first_serial {id}")
TOUCHED_MADE = (
    "CREATE TEMPORARY TABLE IF NOT EXISTS touched"
    f" ({', '.join(TOUCHED)}, PRIMARY KEY (account, kind, last_serial)) {{clustered}}"
)
# The holding that each of the touched serials lies in: the first that does not end before them.
LYING_IN = (
    "SELECT t.account, t.kind, t.last_serial, t.first_serial,"
    " h.last_serial, h.first_serial, h.acquired"
    " FROM touched t JOIN holding h ON h.account = t.account AND h.kind = t.kind"
    " AND h.last_serial = (SELECT MIN(last_serial) FROM holding"
    " WHERE account = t.account AND kind = t.kind AND last_serial >= t.last_serial)"
    " ORDER BY t.account, t.kind, t.last_serial"
)

# What came and went, account by account, in the records from one sequence to another. Both tables
# are bounded, lest an engine that knows nothing of them yet reads one of them whole.
SPAN = "b.sequence BETWEEN ? AND ? AND r.sequence BETWEEN ? AND ?"
MOVED = (
    "SELECT r.acquiring AS account, b.sequence AS sequence, b.kind AS kind,"
    " b.last_serial - b.first_serial + 1 AS quantity"
    f" FROM block b JOIN record r ON r.sequence = b.sequence WHERE {SPAN}"
    " UNION ALL"
    " SELECT r.transferring, b.sequence, b.kind, b.first_serial - b.last_serial - 1"
    f" FROM block b JOIN record r ON r.sequence = b.sequence WHERE {SPAN} AND r.transferring > 0"
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
Taken = tuple[int, int, int, int]  # from whom, of which kind, the last and the first serial
Holding = tuple[int, int, int, int, int]  # its key, its first serial, the record that acquired it


def columns_of(table: str) -> list[str]:
    """The columns of a table as they are declared."""
    return [column for column in TABLES[table] if not column.startswith("PRIMARY KEY")]


class Projection:
    """The query tables in one database, and the work of keeping them up with the journal."""

    def __init__(self, database: Database, store: bytes) -> None:
        self.database = database
        database.allow_loss()  # of the last rows: the journal has them, and the mark goes with them
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
        spans = (moves[0].sequence, moves[-1].sequence) * MOVED.count(SPAN) * 2
        self.database.run(ENTRIES_ADDED, spans)
        self.database.run(BALANCES_CHANGED, spans)
        self._hold(moves)

    def _hold(self, moves: list[Transaction]) -> None:
        """Brings the holdings up.

        Serials that were named rather than picked may lie in the middle of what the same moves
        brought; then the moves are taken in two halves, and so on.
        """
        holdings = Holdings(self.database, moves)
        if holdings.cut():
            holdings.write()
        elif len(moves) > 1:
            half = len(moves) // 2
            self._hold(moves[:half])
            self._hold(moves[half:])
        else:
            raise ValueError(f"No holding contains what record {moves[0].sequence} moved.")

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
    """What becomes of the holdings by some moves: followed in memory, cut and written together.

    Most of what moves was brought by the same moves or is taken from where a holding begins. So the
    moves are followed by first serials alone; what is not found there was taken from the table, and
    all that was is looked up at once.
    """

    def __init__(self, database: Database, moves: list[Transaction]) -> None:
        self._database = database
        self._brought: dict[int, dict[int, Holding]] = {}  # by kind and first serial
        self._taken: list[Taken] = []
        self._gone: list[Key] = []
        self._left: list[Holding] = []
        self._follow(moves)

    def cut(self) -> bool:
        """Cuts what was taken out of the stored holdings; False if it does not lie in them."""
        database, taken = self._database, self._taken
        taken.sort()
        if any(one[:3] == other[:3] for one, other in pairwise(taken)):
            return False
        database.run(TOUCHED_MADE)
        database.run("DELETE FROM touched")
        database.copy_rows("touched", TOUCHED, taken)
        found = 0
        key: Key | None = None
        rest = since = 0
        for account, kind, end, start, last, first, acquired in database.rows(LYING_IN):
            found += 1
            if key != (account, kind, last):
                self._finish(key, rest, since)
                key, rest, since = (account, kind, last), first, acquired
            if start < rest:
                return False
            if start > rest:
                self._left.append((account, kind, start - 1, rest, since))
            rest = end + 1
        self._finish(key, rest, since)
        return found == len(taken)

    def write(self) -> None:
        """Writes what became of them."""
        brought = chain.from_iterable(of_kind.values() for of_kind in self._brought.values())
        self._database.delete_rows("holding", KEY, self._gone)
        self._database.merge_rows(
            "holding",
            columns_of("holding"),
            sorted(chain(self._left, brought)),
            "ON CONFLICT (account, kind, last_serial) DO UPDATE"
            " SET first_serial = excluded.first_serial, acquired = excluded.acquired",
        )

    def _follow(self, moves: list[Transaction]) -> None:
        brought, taken = self._brought, self._taken
        for sequence, _, _, _, _, sender, receiver, _, _, blocks, _ in moves:
            for kind, start, end in blocks:
                of_kind = brought.get(kind)
                if of_kind is None:
                    of_kind = brought[kind] = {}
                if sender:
                    holding = of_kind.pop(start, None)
                    if holding is None:
                        taken.append((sender, kind, end, start))
                    elif holding[2] != end:
                        account, _, last, _, since = holding
                        of_kind[end + 1] = (account, kind, last, end + 1, since)
                of_kind[start] = (receiver, kind, end, start, sequence)

    def _finish(self, key: Key | None, rest: int, since: int) -> None:
        """A stored holding is kept from `rest` on, or gone."""
        if key is None:
            return
        if rest > key[2]:
            self._gone.append(key)
        else:
            self._left.append((*key, rest, since))
