"""A store on disk: where the books of one jurisdiction lie, and how they are made and opened.

    DIR/store.toml   what the store is and where its databases are
    DIR/registry/    signing.pem (the registry's key), journal.sqlite3, query.sqlite3, desk.sqlite3,
                     law/ (every rulebook the store has adopted), book.checkpoint (for the next
                     start; may be removed)
    DIR/log/         the log's own folder: its key, configuration and database (`openets.translog`)

Registry and log can be moved to two machines by moving the two folders. Databases may be
PostgreSQL: the addresses are then given at creation and kept in the two configuration files.
"""

from __future__ import annotations

import json
import secrets
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from openets.kernel import acts
from openets.kernel.signing import SigningKey
from openets.ledger import checkpoint
from openets.ledger.book import Book
from openets.ledger.journal import Journal
from openets.ledger.post import Writer, fold
from openets.ledger.projection import Projection
from openets.ledger.requests import ActRequest, key_of
from openets.rulebook.kept import keep
from openets.rulebook.load import load_rulebook
from openets.rulebook.model import Rulebook
from openets.rulebook.tables import ACCOUNT_TYPES
from openets.storage.database import Database, StorageError
from openets.storage.whole import write_whole
from openets.translog.client import LogClient, create_log

Mode = Literal["live", "practice", "replay"]


@dataclass(frozen=True)
class Store:
    """The addresses of one store. Nothing is open yet."""

    directory: Path
    store: bytes
    jurisdiction: str
    mode: str
    journal_url: str
    query_url: str
    desk_url: str
    log_key: bytes
    officer_keys: tuple[bytes, ...] = ()

    @property
    def rulebook(self) -> Rulebook:
        """The law of the store's jurisdiction, as this release has it."""
        return load_rulebook(self.jurisdiction)

    @property
    def log_directory(self) -> Path:
        """The log's own folder."""
        return self.directory / "log"

    @property
    def checkpoint(self) -> Path:
        """Where the book is kept for the next start."""
        return self.directory / "registry" / "book.checkpoint"

    @property
    def law_directory(self) -> Path:
        """Where the store keeps every rulebook it has adopted."""
        return self.directory / "registry" / "law"

    def registry_key(self) -> SigningKey:
        """The key the registry signs batches with."""
        return SigningKey.load(self.directory / "registry" / "signing.pem")

    def meta(self) -> dict[str, bytes]:
        """What the store is, as the journal has it sealed."""
        return {
            "store": self.store,
            "jurisdiction": self.jurisdiction.encode(),
            "mode": self.mode.encode(),
            "log_key": self.log_key,
            "officer_keys": b"".join(self.officer_keys),
        }

    def created(self) -> acts.StoreCreated:
        """What the store is, as its first record says it."""
        return acts.StoreCreated(
            jurisdiction=self.jurisdiction,
            mode=self.mode,  # type: ignore[arg-type]  # checked by the model
            registry_key=self.registry_key().public.hex(),
            log_key=self.log_key.hex(),
            officer_keys=tuple(key.hex() for key in self.officer_keys),
        )

    def journal(self, *, read_only: bool = False) -> Journal:
        """The journal, opened."""
        return Journal(Database(self.journal_url, name="journal", read_only=read_only))

    def projection(self) -> Projection:
        """The query tables, opened; made anew if they are missing or of another release."""
        projection = Projection(Database(self.query_url, name="query"), self.store)
        if not projection.is_of_this_release():
            projection.create()
        return projection


def create_store(
    directory: Path,
    *,
    jurisdiction: str,
    mode: Mode,
    journal_url: str | None = None,
    query_url: str | None = None,
    desk_url: str | None = None,
    log_url: str | None = None,
    officer_keys: tuple[bytes, ...] = (),
) -> Store:
    """Makes the keys, folders and databases of a new store; the first records come with `found`.

    Raises `StorageError` if there is a store already, or the law describes no register to keep.
    """
    if not any(path.startswith(ACCOUNT_TYPES) for path in load_rulebook(jurisdiction).paths()):
        raise StorageError(
            f"The law of {jurisdiction} has no account types: it cannot run a store."
        )
    if (directory / "store.toml").exists():
        raise StorageError(f"There is a store at {directory} already; choose an empty folder.")
    registry = directory / "registry"
    if registry.exists() or (directory / "log").exists():
        raise StorageError(
            f"A store was begun at {directory} and never finished; remove it, or choose another "
            "folder."
        )
    registry.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = SigningKey.create(registry / "signing.pem")
    identity = secrets.token_bytes(16)
    log_key = create_log(
        directory / "log",
        store=identity,
        jurisdiction=jurisdiction,
        registry_key=key.public,
        officer_keys=officer_keys,
        url=log_url,
    )
    store = Store(
        directory=directory,
        store=identity,
        jurisdiction=jurisdiction,
        mode=mode,
        journal_url=journal_url or f"sqlite:{registry / 'journal.sqlite3'}",
        query_url=query_url or f"sqlite:{registry / 'query.sqlite3'}",
        desk_url=desk_url or f"sqlite:{registry / 'desk.sqlite3'}",
        log_key=log_key,
        officer_keys=officer_keys,
    )
    journal = store.journal()
    write_meta(store, journal)
    journal.database.close()
    store.projection().database.close()
    _write_configuration(store)
    return store


def open_store(directory: Path) -> Store:
    """The store in a folder; raises `StorageError` if there is none or it is not readable."""
    path = directory / "store.toml"
    try:
        words = tomllib.loads(path.read_text(encoding="utf-8"))
        return Store(
            directory=directory,
            store=bytes.fromhex(words["store"]),
            jurisdiction=words["jurisdiction"],
            mode=words["mode"],
            journal_url=words["journal"] or f"sqlite:{directory / 'registry/journal.sqlite3'}",
            query_url=words["query"] or f"sqlite:{directory / 'registry/query.sqlite3'}",
            desk_url=words.get("desk") or f"sqlite:{directory / 'registry/desk.sqlite3'}",
            log_key=bytes.fromhex(words["log_key"]),
            officer_keys=tuple(map(bytes.fromhex, words["officer_keys"])),
        )
    except FileNotFoundError:
        raise StorageError(f"There is no store at {directory}; `openets demo` makes one.") from None
    except (tomllib.TOMLDecodeError, KeyError, ValueError) as error:
        raise StorageError(f"{path} is not a store's configuration: {error}.") from error


def write_meta(store: Store, journal: Journal) -> None:
    """Makes the journal's tables and seals in them what the store is."""
    journal.create(store.registry_key(), store.meta())


def _write_configuration(store: Store) -> None:
    """Written last and at once, so that a store either exists or does not."""
    inside = f"sqlite:{store.directory}"
    words = {
        "store": store.store.hex(),
        "jurisdiction": store.jurisdiction,
        "mode": store.mode,
        "journal": "" if store.journal_url.startswith(inside) else store.journal_url,
        "query": "" if store.query_url.startswith(inside) else store.query_url,
        "desk": "" if store.desk_url.startswith(inside) else store.desk_url,
        "log_key": store.log_key.hex(),
        "officer_keys": [key.hex() for key in store.officer_keys],
    }
    text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in words.items())
    write_whole(store.directory / "store.toml", text.encode())


def hold_journal(store: Store) -> Journal:
    """The journal of a store, for its only writer on this machine.

    Raises `HeldElsewhere` at once if another process writes.
    """
    journal = store.journal()
    try:
        journal.database.hold("writer")
    except BaseException:
        journal.database.close()
        raise
    return journal


def open_writer(
    store: Store,
    log: LogClient,
    *,
    exclusive: bool = True,
    journal: Journal | None = None,
    book: Book | None = None,
) -> Writer:
    """The writer of a store, caught up with the log; founds an empty store first.

    With `exclusive` a second writer on this machine is turned away at once, unless the caller has
    seen to that (`hold_journal`) and gives the journal, and perhaps the book read from it
    (`start_book`); on any machine the log's epoch fences the older one.
    """
    if journal is None:
        journal = hold_journal(store) if exclusive else store.journal()
    try:
        key = store.registry_key()
        if journal.meta(key.public) != store.meta():
            raise StorageError(
                f"The journal at {store.journal_url} is of another store than "
                f"{store.directory / 'store.toml'} says; put right what was changed there."
            )
        book = book or start_book(store, journal)
        writer = Writer(
            journal=journal,
            log=log,
            book=book,
            key=key,
            epoch=log.new_epoch(key),
            keep=lambda book: checkpoint.keep(store.checkpoint, book, key),
        )
        writer.catch_up()
        if not book.sequence:
            _found(store, writer)
    except BaseException:
        journal.database.close()  # or this process would go on holding it, and nobody could try
        raise
    return writer


def start_book(store: Store, journal: Journal) -> Book:
    """The book as the journal leaves it, by what was kept of it if that is of use."""
    key = store.registry_key().public
    book = checkpoint.kept_book(store.checkpoint, store.store, store.rulebook, journal, key)
    return _folded(book, journal)


def read_book(store: Store, journal: Journal) -> Book:
    """The book as the journal leaves it, all of it read anew; nothing is checked."""
    return _folded(Book(store.store, store.rulebook), journal)


def _folded(book: Book, journal: Journal) -> Book:
    for _ in fold(book, journal):
        pass
    return book


def _found(store: Store, writer: Writer) -> None:
    """Posts the first two records: what the store is, and the rulebook it begins with."""
    adopted = acts.RulebookAdopted(digest=store.rulebook.digest.hex())
    keep(store.rulebook, store.law_directory)
    now = time.time_ns() // 1_000
    requests = [
        ActRequest(key_of("found", act.act), now, act) for act in (store.created(), adopted)
    ]
    for outcome in writer.post(requests):
        if not outcome.completed:
            raise StorageError(f"The store cannot be founded: {outcome.refusals[0]}")
