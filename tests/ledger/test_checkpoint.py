"""A book that was kept is the book that reading the journal makes, or it is not used."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from openets.kernel import acts
from openets.kernel.signing import SigningKey
from openets.ledger import checkpoint
from openets.ledger.book import Book
from openets.ledger.journal import Journal
from openets.ledger.store import Store, read_book, start_book
from openets.ledger.verify import verify
from openets.storage.database import Database
from tests.busy_world import FROZEN
from tests.conftest import MakeDatabase
from tests.kept_states import flip_a_bit, keep_after, kept_store, of_book, post, want_another
from tests.small_world import FIRST, SECOND, act, move


@pytest.fixture
def store(tmp_path: Path, make_database: MakeDatabase, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store whose book was kept when it was closed."""
    keep_after(1, monkeypatch)
    made = kept_store(tmp_path / "store", make_database)
    assert made.checkpoint.exists()
    return made


def started(store: Store) -> tuple[Book, int]:
    """The book of a start, and how many records of the journal it was not kept with."""
    with closing(store.journal(read_only=True).database) as database:
        journal = Journal(database)
        kept = checkpoint.kept_book(
            store.checkpoint, store.store, store.rulebook, journal, store.registry_key().public
        )
        book = start_book(store, journal)
        assert of_book(book) == of_book(read_book(store, journal))
        return book, book.sequence - kept.sequence


def test_it_is_the_book_that_the_journal_makes(store: Store) -> None:
    book, read = started(store)
    assert read == 0
    assert book.frozen and book.still and book.stopped and book.pools and book.caps
    assert book.reservations and book.money and book.emissions
    late = [move("10-0", SECOND, FIRST, 1, "late"), act(acts.Lift(account=FROZEN, reason="x"), "x")]
    with pytest.MonkeyPatch.context() as patch:
        keep_after(1_000, patch)
        post(store, late)
    assert started(store)[1] == len(late)
    assert verify(store).sound


def other_seal(store: Store) -> None:
    key = SigningKey.create(store.checkpoint.parent / "other.pem")
    with closing(store.journal(read_only=True).database) as database:
        book = read_book(store, Journal(database))
    store.checkpoint.unlink()
    checkpoint.keep(store.checkpoint, book, key)


def changed(store: Store) -> None:
    flip_a_bit(store.checkpoint)


def shorter_journal(store: Store) -> None:
    with closing(Database(store.journal_url, name="journal")) as database:
        database.run(
            "DELETE FROM journal_batch WHERE first = (SELECT MAX(first) FROM journal_batch)"
        )


def without_a_part(store: Store) -> None:
    key = store.registry_key()
    keeping = checkpoint._keeping(store.checkpoint, store.store, store.rulebook, key.public)
    found = keeping.read()
    assert found is not None
    keeping.write(found._replace(parts={**found.parts, "words": b'{"pools": 3}'}), key.sign)


@pytest.mark.parametrize("spoil", [other_seal, changed, without_a_part, shorter_journal])
def test_what_is_not_of_the_journal_is_not_used(
    store: Store, spoil: Callable[[Store], None]
) -> None:
    spoil(store)
    book, read = started(store)
    assert read == book.sequence > 0
    checkpoint.keep(store.checkpoint, book, store.registry_key())
    assert started(store)[1] == 0


@pytest.mark.parametrize("name", ["shape", "law", "store", "order"])
def test_what_is_of_another_release_law_or_store_is_not_used(
    store: Store, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    want_another(name, checkpoint, monkeypatch)
    book, read = started(store)
    assert read == book.sequence > 0


def test_it_is_kept_when_enough_has_come(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    before = store.checkpoint.read_bytes()
    keep_after(2, monkeypatch)
    post(store, [move("10-0", SECOND, FIRST, 1, "one")])
    assert store.checkpoint.read_bytes() == before
    post(store, [move("10-0", SECOND, FIRST, 1, "two")])
    kept = json.loads(store.checkpoint.read_bytes().split(b"\n")[0])["about"]["sequence"]
    assert kept == started(store)[0].sequence
