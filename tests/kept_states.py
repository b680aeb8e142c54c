"""States kept for the next start: a store that has some, and what two books know held together.

What is spent, or counts nothing, may be there or not and is left out. Whoever adds something to a
book or a picture adds it here, to what is kept for the next start, and raises its `SHAPE`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from openets.kernel import acts
from openets.ledger.book import Book
from openets.ledger.requests import Request
from openets.ledger.store import Store, open_writer
from openets.storage.checkpoint import Keeping
from openets.translog.accept import TransactionLog
from openets.translog.client import open_local_log
from tests.busy_world import MORE, SCENE, SPARE
from tests.conftest import MakeDatabase
from tests.small_world import UNIT, act, make_store

BOOKS = ("journal", "query", "log")
AFTER = [
    act(acts.Freeze(registry="AT", first=60, last=70, reason="test"), "serials"),
    act(acts.Freeze(account=SPARE, incoming=True, reason="test"), "spare"),
    act(acts.CorrectionNamed(name="x", year=2006, units=(UNIT,), quantity=5, reason="x"), "x"),
    act(acts.ReplacementOpened(name="y", replaced_units=(UNIT,), units=(UNIT,)), "y"),
]

# How a book or picture is used, and what follows from the rest.
USED_BY_A_BOOK = {
    "rulebook",
    "left_to_check",
    "_instant",
    "_law",
    "_layers",
    "_undo",
    "_new_keys",
    "_spent",
}
USED_BY_A_PICTURE = {"_shelves", "_maps", "_settled"}


def keep_after(records: int, patch: pytest.MonkeyPatch) -> None:
    """From so many new records on, what is known is kept when a store closes."""
    patch.setattr("openets.storage.checkpoint.ENOUGH", records)


def kept_store(folder: Path, make_database: MakeDatabase) -> Store:
    """A store in which everything there is has been done, and which was closed."""
    store = make_store(folder, {name: make_database(name) for name in BOOKS})
    post(store, SCENE)
    post(store, [*MORE, *AFTER])
    return store


def post(store: Store, requests: Sequence[Request]) -> None:
    """Opens the store, posts, and closes it."""
    log = open_local_log(store.log_directory)
    try:
        with closing(open_writer(store, log, exclusive=False)) as writer:
            for outcome in writer.post(requests):
                assert outcome.completed, outcome
    finally:
        log.stop()


def flip_a_bit(path: Path) -> None:
    """Changes a kept state in its middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def want_another(name: str, module: ModuleType, patch: pytest.MonkeyPatch) -> None:
    """A start wants a state of another release, store, law or machine than there is."""
    keeping = module._keeping

    def other(*given: Any) -> Keeping:
        found = keeping(*given)
        assert name in found._of()
        return replace(found, of={**found.of, name: "other"})

    patch.setattr(module, "_keeping", other)


def of_book(book: Book) -> dict[str, Any]:
    """Everything the book knows."""
    facts = {name: value for name, value in vars(book).items() if name not in USED_BY_A_BOOK}
    facts["accounts"] = {
        number: (one.number, one.registry, one.period, one.operator, one.standing)
        for number, one in book.accounts.items()
    }
    facts["queues"] = {
        place: (list(queue.blocks()), queue.quantity)
        for place, queue in book.queues.items()
        if queue.quantity
    }
    facts["still"] = {name: (one.starts, one.ends) for name, one in book.still.items()}
    facts["reserved"] = {place: quantity for place, quantity in book.reserved.items() if quantity}
    return facts


def of_log(log: TransactionLog) -> dict[str, Any]:
    """Everything the log knows."""
    picture = log._picture
    facts = {name: value for name, value in vars(picture).items() if name not in USED_BY_A_PICTURE}
    facts["serials"] = list(picture.intervals())
    facts["held"] = {
        (registry, owner): held
        for registry, serials in picture.serials.items()
        for owner, held in zip(serials._owners, serials._held, strict=True)
        if held
    }
    facts["last"] = {registry: serials.last for registry, serials in picture.serials.items()}
    return {**facts, "tree": log._tree.levels(), "recorded": log._recorded, "epoch": log._epoch}
