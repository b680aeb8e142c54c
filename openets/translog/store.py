"""Where the log keeps what it took: its own folder, its own database, its own key.

    DIR/log.toml      whose log this is, and where its database lies
    DIR/signing.pem   the key the log signs its tree heads with
    DIR/authkey       the secret that lets a process of this machine speak to the log
    DIR/log.sqlite3   the database, unless log.toml names another
    DIR/picture.checkpoint   for the next start; may be removed

One row holds one batch as it arrived, a secret salt for each of its records, and the signed tree
head after it. Rows are only ever added.
"""

from __future__ import annotations

import json
import os
import secrets
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from openets.kernel.batch import Receipt, TreeHead, store_of
from openets.kernel.signing import SigningKey, is_signed_by
from openets.storage.database import Database, StorageError
from openets.storage.whole import write_whole

AUTHKEY_BYTES = 32
TABLES = (
    "CREATE TABLE log_meta (name TEXT PRIMARY KEY, value {bytes} NOT NULL, seal {bytes} NOT NULL)",
    "CREATE TABLE log_epoch (epoch {id} PRIMARY KEY, signature {bytes} NOT NULL)",
    "CREATE TABLE log_batch (first {id} PRIMARY KEY, last {id} NOT NULL, recorded {id} NOT NULL,"
    " batch {bytes} NOT NULL, salts {bytes} NOT NULL, root {bytes} NOT NULL, head {bytes} NOT NULL,"
    " signature {bytes} NOT NULL)",
)
IDENTITY = "identity"
ACCEPTANCE = "acceptance"


@dataclass(frozen=True)
class Configuration:
    """Whose log it is. `url` is the address of its database."""

    directory: Path
    store: bytes
    jurisdiction: str
    registry_key: bytes
    officer_keys: tuple[bytes, ...]
    log_key: bytes
    url: str

    def identity(self) -> bytes:
        """What the log's key seals in the database, so that no other log's rows can stand in."""
        words = [self.store, self.registry_key, *self.officer_keys]
        return json.dumps([self.jurisdiction, *(word.hex() for word in words)]).encode()

    def key(self) -> SigningKey:
        """The log's private key."""
        return SigningKey.load(self.directory / "signing.pem")

    def authkey(self) -> bytes:
        """The secret shared by processes that may speak to the log."""
        return (self.directory / "authkey").read_bytes()

    @property
    def checkpoint(self) -> Path:
        """Where the log's picture is kept for the next start."""
        return self.directory / "picture.checkpoint"

    def open(self, *, read_only: bool = False) -> LogStore:
        """The log's rows."""
        return LogStore(Database(self.url, name="log", read_only=read_only), self)


@dataclass(frozen=True)
class StoredBatch:
    """A row, nothing of it trusted yet."""

    first: int
    last: int
    batch: bytes
    receipt: Receipt


class LogStore:
    """The rows of one log."""

    def __init__(self, database: Database, configuration: Configuration) -> None:
        self.database = database
        self.configuration = configuration

    def create(self, key: SigningKey) -> None:
        """Makes the tables and seals in them whose log this is."""
        with self.database.durable("log.create"):
            for table in TABLES:
                self.database.run(table)
            self._put_meta(key, IDENTITY, self.configuration.identity())

    def put_acceptance(self, key: SigningKey, words: bytes) -> None:
        """Keeps the officers' acceptance of a head nobody outside could vouch for.

        Inside the caller's durable step: what they accepted never stands without it.
        """
        self._put_meta(key, ACCEPTANCE, words)

    def _put_meta(self, key: SigningKey, name: str, value: bytes) -> None:
        row = (name, value, key.sign(_sealed(name, value)))
        self.database.run("INSERT INTO log_meta VALUES (?, ?, ?)", row)

    def check_meta(self) -> None:
        """Raises `StorageError` unless the rows are this log's and their seals are whole."""
        found = {}
        for name, value, seal in self.database.rows("SELECT name, value, seal FROM log_meta"):
            value = bytes(value)
            if not is_signed_by(self.configuration.log_key, bytes(seal), _sealed(name, value)):
                raise StorageError(f"The log's {name!r} was changed after it was sealed.")
            found[name] = value
        if found.get(IDENTITY) != self.configuration.identity():
            raise StorageError("The log's database is another log's than its configuration says.")

    def epochs(self) -> Iterator[tuple[int, bytes]]:
        """Every epoch begun, with the registry's signature."""
        rows = self.database.rows("SELECT epoch, signature FROM log_epoch ORDER BY epoch")
        return ((epoch, bytes(signature)) for epoch, signature in rows)

    def add_epoch(self, epoch: int, signature: bytes) -> None:
        """Writes a new epoch, durably."""
        with self.database.durable("log.epoch"):
            self.insert_epoch(epoch, signature)

    def insert_epoch(self, epoch: int, signature: bytes) -> None:
        """Writes an epoch inside the caller's durable step."""
        self.database.run("INSERT INTO log_epoch VALUES (?, ?)", (epoch, signature))

    def add(self, first: int, last: int, batch: bytes, receipt: Receipt) -> None:
        """Writes an accepted batch, durably; this is the point of no return."""
        with self.database.durable("log.commit"):
            self.insert(first, last, batch, receipt)

    def insert(self, first: int, last: int, batch: bytes, receipt: Receipt) -> None:
        """Writes a row inside the caller's durable step."""
        tree = receipt.tree_head
        promise = (tree.root, tree.head, tree.signature)
        row = (first, last, tree.recorded, batch, receipt.salts, *promise)
        self.database.run("INSERT INTO log_batch VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def batches(self, after: int = 0) -> Iterator[StoredBatch]:
        """The rows whose last record is above `after`, in order."""
        sql = "SELECT * FROM log_batch WHERE last > ? ORDER BY first"
        return map(_stored, self.database.rows(sql, (after,)))

    def batch_from(self, first: int) -> StoredBatch | None:
        """The row that begins with this record, or None."""
        found = self.database.row("SELECT * FROM log_batch WHERE first = ?", (first,))
        return _stored(found) if found else None

    def newest(self) -> StoredBatch | None:
        """The last row, or None."""
        found = self.database.row("SELECT * FROM log_batch ORDER BY first DESC LIMIT 1")
        return _stored(found) if found else None


def create(
    directory: Path,
    *,
    store: bytes,
    jurisdiction: str,
    registry_key: bytes,
    officer_keys: tuple[bytes, ...],
    url: str | None,
) -> Configuration:
    """Makes a log: folder, key, secret, configuration, empty tables."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = SigningKey.create(directory / "signing.pem")
    descriptor = os.open(directory / "authkey", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(AUTHKEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    words = {
        "store": store.hex(),
        "jurisdiction": jurisdiction,
        "registry_key": registry_key.hex(),
        "officer_keys": [officer.hex() for officer in officer_keys],
        "log_key": key.public.hex(),
        "database": url or "",
    }
    text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in words.items())
    write_whole(directory / "log.toml", text.encode())
    configuration = load(directory)
    rows = configuration.open()
    rows.create(key)
    rows.database.close()
    return configuration


def load(directory: Path) -> Configuration:
    """The configuration in a log's folder; raises `StorageError` if it is none."""
    path = directory / "log.toml"
    try:
        words = tomllib.loads(path.read_text(encoding="utf-8"))
        return Configuration(
            directory=directory,
            store=bytes.fromhex(words["store"]),
            jurisdiction=words["jurisdiction"],
            registry_key=bytes.fromhex(words["registry_key"]),
            officer_keys=tuple(map(bytes.fromhex, words["officer_keys"])),
            log_key=bytes.fromhex(words["log_key"]),
            url=words["database"] or f"sqlite:{directory / 'log.sqlite3'}",
        )
    except FileNotFoundError:
        raise StorageError(f"There is no log at {directory}.") from None
    except (tomllib.TOMLDecodeError, KeyError, ValueError, UnicodeError) as error:
        raise StorageError(f"{path} is not a log's configuration: {error}.") from error


def _stored(row: tuple[int, int, int, bytes, bytes, bytes, bytes, bytes]) -> StoredBatch:
    first, last, recorded, batch, salts, root, head, signature = row
    batch = bytes(batch)
    tree = TreeHead(store_of(batch), last, bytes(root), bytes(head), recorded, bytes(signature))
    return StoredBatch(first, last, batch, Receipt(tree, bytes(salts)))


def _sealed(name: str, value: bytes) -> bytes:
    return b"openets log meta " + name.encode() + b"\0" + value
