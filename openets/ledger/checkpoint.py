"""The book as it was kept at an earlier moment, so that a start reads only what came after.

To read every record ever written takes minutes where many years lie in the journal; to read the
accounts and the blocks that are left takes seconds. A kept book counts only if the registry's key
sealed it, if it has the shape of this release and was made under the law the store works by, and if
it ends with a batch that stands in the journal. No proof ever looks at one.
"""

from __future__ import annotations

from array import array
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path

from pydantic import BaseModel

from openets.kernel.acts import AccountOpened, KindDefined, StoreCreated
from openets.kernel.records import KEY_BYTES
from openets.kernel.signing import SigningKey, is_signed_by
from openets.ledger.book import Account, Book, Pool, Queue, Reservation
from openets.ledger.frozen import name_of_scope, scope_named, still_of
from openets.ledger.journal import Journal
from openets.rulebook.model import Rulebook
from openets.storage.checkpoint import Checkpoint, Keeping, column, numbers, pieces, threes

SHAPE = 1  # raised with every change of what a book knows, or of how it comes to know it


class Words(BaseModel):
    """What there is little of in a book; the rest is columns of numbers."""

    created: StoreCreated | None
    rulebook: str
    kinds: list[KindDefined]
    accounts: list[tuple[AccountOpened, str]]  # and the status of each
    pools: dict[int, Pool]
    caps: list[tuple[str, int, int]]
    reservations: dict[int, Reservation]
    frozen: list[tuple[str, bool]]
    compared: dict[str, int]
    last_serial: dict[str, int]
    issued: dict[int, int]
    money: list[tuple[int, str, int]]


def keep(path: Path, book: Book, key: SigningKey) -> None:
    """Keeps a book whose every record is committed, if enough has come since it was kept last."""
    keeping = _keeping(path, book.store, book.rulebook, key.public)
    if not keeping.is_due(book.sequence) or len(book.keys) != book.sequence:
        return  # with fewer keys than records one stands twice in the journal; a proof will say so
    parts = {"words": _words_of(book).model_dump_json().encode(), **_columns_of(book)}
    keeping.write(Checkpoint(book.sequence, {"head": book.head.hex()}, parts), key.sign)


def kept_book(
    path: Path, store: bytes, rulebook: Rulebook, journal: Journal, registry_key: bytes
) -> Book:
    """The book that was kept, or an empty one if that is of no use."""
    keeping = _keeping(path, store, rulebook, registry_key)
    found = keeping.read()
    if found is not None and _stands_in(journal, found):
        with suppress(ValueError, KeyError):  # of a release that forgot to raise its `SHAPE`
            return _book_of(found, store, rulebook)
    keeping.discard()
    return Book(store, rulebook)


def _keeping(path: Path, store: bytes, rulebook: Rulebook, registry_key: bytes) -> Keeping:
    of = {"shape": SHAPE, "store": store.hex(), "law": rulebook.digest.hex()}
    return Keeping(path, of, partial(is_signed_by, registry_key))


def _stands_in(journal: Journal, found: Checkpoint) -> bool:
    """Whether the journal has what was kept: it may have been made again, or cut."""
    row = journal.row_of(found.sequence)
    if row is None:
        return False
    promised = row.receipt.tree_head
    return (promised.size, promised.head.hex()) == (found.sequence, found.words["head"])


def _book_of(found: Checkpoint, store: bytes, rulebook: Rulebook) -> Book:
    book = Book(store, rulebook)
    _fill(book, Words.model_validate_json(found.parts["words"]))
    _fill_columns(book, found.parts)
    book.still = still_of(book.frozen)
    book.stopped = book.count_stopped()
    book.sequence = found.sequence
    book.seal(bytes.fromhex(found.words["head"]))
    book.commit()
    return book


def _words_of(book: Book) -> Words:
    return Words(
        created=book.created,
        rulebook=book.rulebook_digest.hex(),
        kinds=list(book.kinds.values()),
        accounts=[(_opening(account), account.status) for account in book.accounts.values()],
        pools=book.pools,
        caps=[(*cap, number) for cap, number in book.caps.items()],
        reservations=book.reservations,
        frozen=[(name_of_scope(scope), receives) for scope, receives in book.frozen.items()],
        compared=book.compared,
        last_serial=book.last_serial,
        issued=book.issued,
        money=[(*place, cents) for place, cents in book.money.items()],
    )


def _opening(account: Account) -> AccountOpened:
    return AccountOpened(
        number=account.number,
        registry=account.registry,
        type=account.type,
        period=account.period,
        operator=account.operator,
    )


def _fill(book: Book, words: Words) -> None:
    """Gives an empty book the words that were kept."""
    book.created = words.created
    book.rulebook_digest = bytes.fromhex(words.rulebook)
    book.kinds = {kind.kind: kind for kind in words.kinds}
    book.accounts = {act.number: Account(act, status) for act, status in words.accounts}
    book.pools = words.pools
    book.caps = {(name, year): number for name, year, number in words.caps}
    book.reservations = words.reservations
    for account, kind, quantity in words.reservations.values():
        reserved = book.reserved.get((account, kind), 0)
        book.reserved[account, kind] = reserved + quantity
    book.frozen = {scope_named(name): receives for name, receives in words.frozen}
    book.compared = words.compared
    book.last_serial = words.last_serial
    book.issued = words.issued
    book.money = {(account, currency): cents for account, currency, cents in words.money}


def _columns_of(book: Book) -> dict[str, bytes]:
    lying = [(place, queue) for place, queue in book.queues.items() if queue.quantity]
    starts, ends = array("q"), array("q")
    for _, queue in lying:
        starts += queue.starts[queue.head :]
        ends += queue.ends[queue.head :]
    lengths = ((*place, len(queue.starts) - queue.head) for place, queue in lying)
    figures = ((*place, tonnes) for place, tonnes in book.emissions.items())
    return {
        "keys": b"".join(book.keys),
        "emissions": column(figures),
        "queues": column(lengths),
        "starts": starts.tobytes(),
        "ends": ends.tobytes(),
    }


def _fill_columns(book: Book, parts: dict[str, bytes]) -> None:
    """Gives an empty book its keys, figures and blocks."""
    book.keys = dict(zip(pieces(parts["keys"], KEY_BYTES), count(1), strict=False))
    figures = threes(parts["emissions"])
    book.emissions = {(account, year): tonnes for account, year, tonnes in figures}
    starts, ends, at = numbers(parts["starts"]), numbers(parts["ends"]), 0
    for account, kind, blocks in threes(parts["queues"]):
        queue = book.queues[account, kind] = Queue()
        queue.starts, queue.ends = starts[at : at + blocks], ends[at : at + blocks]
        queue.quantity = sum(queue.ends) - sum(queue.starts) + blocks
        at += blocks
