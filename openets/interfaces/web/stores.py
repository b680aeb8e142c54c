"""The store a site is of, opened once in the life of the process."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from openets.ledger.store import Store, open_store


@lru_cache
def store_in(directory: str) -> Store:
    """The store in a folder; raises `StorageError` if there is none."""
    return open_store(Path(directory))
