"""A store is there whole or not at all, and says what it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from openets.ledger.store import create_store, open_store
from openets.storage import boundary
from openets.storage.database import StorageError


class Crash(BaseException):
    """The process ends here."""


def crash_at(name: str) -> None:
    def reach(reached: str) -> None:
        if reached == name:
            raise Crash

    boundary.install(reach)


@pytest.mark.parametrize("step", ["log.create", "journal.create", "projection.create"])
def test_a_store_that_was_begun_and_never_finished_is_named(tmp_path: Path, step: str) -> None:
    place = tmp_path / "store"
    crash_at(f"{step}.before")
    try:
        with pytest.raises(Crash):
            create_store(place, jurisdiction="eu", mode="practice")
    finally:
        boundary.install(None)
    with pytest.raises(StorageError, match="There is no store"):
        open_store(place)
    with pytest.raises(StorageError, match=r"begun at .* and never finished; remove it"):
        create_store(place, jurisdiction="eu", mode="practice")


def test_a_store_is_made_once_and_says_the_same_when_it_is_opened(tmp_path: Path) -> None:
    place = tmp_path / "store"
    made = create_store(place, jurisdiction="eu", mode="practice")
    assert open_store(place) == made
    with pytest.raises(StorageError, match=r"There is a store at .* already"):
        create_store(place, jurisdiction="eu", mode="practice")
