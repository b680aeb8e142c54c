"""The journal: the registry's durable truth, one row per committed batch.

A row holds the signed batch exactly as the log accepted it, and the log's receipt for it. The rows
form a chain through the records inside them. Nothing is ever changed or removed; everything else
the registry shows is derived from these rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from openets.kernel.batch import Receipt, TreeHead, decode_batch, store_of
from openets.kernel.records import Record, decode_record
from openets.kernel.signing import SigningKey, is_signed_by
from openets.storage.database import Database, StorageError

TABLES = (
    "CREATE TABLE journal_meta (key TEXT PRIMARY KEY, value {bytes} NOT NULL,"
    " seal {bytes} NOT NULL)",
    "CREATE TABLE journal_batch (first {id} PRIMARY KEY, count {id} NOT NULL,"
    " recorded {id} NOT NULL, envelope {bytes} NOT NULL, salts {bytes} NOT NULL,"
    " root {bytes} NOT NULL, head {bytes} NOT NULL, signature {bytes} NOT NULL)",
)
_COLUMNS = "first, count, recorded, envelope, salts, root, head, signature"


class Row(NamedTuple):
    """A stored row: the batch as bytes and the log's receipt, nothing trusted yet."""

    first: int
    size: int
    envelope: bytes
    receipt: Receipt


class Journal:
    """The journal in one database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._read: tuple[int, tuple[bytes, ...]] = (0, ())  # the batch read last, for repeats

    def create(self, key: SigningKey, meta: dict[str, bytes]) -> None:
        """Makes the tables and writes what the store is, sealed by the registry's key."""
        with self.database.durable("journal.create"):
            for table in TABLES:
                self.database.run(table)
            for name, value in meta.items():
                seal = key.sign(_sealed(name, value))
                self.database.run("INSERT INTO journal_meta VALUES (?, ?, ?)", (name, value, seal))

    def meta(self, registry_key: bytes) -> dict[str, bytes]:
        """What the store is; raises `StorageError` if a word of it was changed, or all is lost."""
        if not self.database.has_table("journal_meta"):
            raise StorageError(
                "The journal is lost: its database is empty. `openets restore journal` makes it "
                "again from the log."
            )
        found = {}
        for name, value, seal in self.database.rows("SELECT key, value, seal FROM journal_meta"):
            if not is_signed_by(registry_key, bytes(seal), _sealed(name, bytes(value))):
                raise StorageError(f"The journal's {name!r} was changed after it was sealed.")
            found[name] = bytes(value)
        return found

    def append(self, first: int, count: int, envelope: bytes, receipt: Receipt) -> None:
        """Writes one accepted batch, durably; the first sequence is unique, so never twice."""
        tree = receipt.tree_head
        with self.database.durable("journal.commit"):
            self.database.run(
                f"INSERT INTO journal_batch ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    first,
                    count,
                    tree.recorded,
                    envelope,
                    receipt.salts,
                    tree.root,
                    tree.head,
                    tree.signature,
                ),
            )

    def rows(self, after: int = 0) -> Iterator[Row]:
        """Rows whose first sequence is above `after`, in order."""
        sql = f"SELECT {_COLUMNS} FROM journal_batch WHERE first > ? ORDER BY first"
        return map(_row, self.database.rows(sql, (after,)))

    def row_of(self, sequence: int) -> Row | None:
        """The row that holds a record, or None."""
        sql = f"SELECT {_COLUMNS} FROM journal_batch WHERE first <= ? ORDER BY first DESC LIMIT 1"
        found = self.database.row(sql, (sequence,))
        if found is None or found[0] + found[1] <= sequence:
            return None
        return _row(found)

    def record(self, sequence: int) -> Record | None:
        """A record by its sequence, or None."""
        first, records = self._read
        if not first <= sequence < first + len(records):
            row = self.row_of(sequence)
            if row is None:
                return None
            first, records = self._read = (row.first, decode_batch(row.envelope).records)
        return decode_record(records[sequence - first])

    def last(self) -> int:
        """The sequence of the last record, 0 for an empty journal."""
        found = self.database.row(
            "SELECT first + count - 1 FROM journal_batch ORDER BY first DESC LIMIT 1"
        )
        return int(found[0]) if found else 0


def _row(found: tuple[int, int, int, bytes, bytes, bytes, bytes, bytes]) -> Row:
    first, count, recorded, envelope, salts, root, head, signature = found
    envelope = bytes(envelope)
    tree = TreeHead(
        store_of(envelope), first + count - 1, bytes(root), bytes(head), recorded, bytes(signature)
    )
    return Row(first, count, envelope, Receipt(tree, bytes(salts)))


def _sealed(name: str, value: bytes) -> bytes:
    return b"openets journal meta " + name.encode() + b"\0" + value


def stored_records(database: Database) -> Iterator[Record]:
    """Every stored record as it stands, in order, nothing checked: for sums and for auditors."""
    for row in Journal(database).rows():
        for data in decode_batch(row.envelope).records:
            yield decode_record(data)
