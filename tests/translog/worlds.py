"""The small world with two officers, whose keys lie beside the store."""

from __future__ import annotations

from pathlib import Path

from openets.kernel.signing import SigningKey
from openets.ledger.store import Store, create_store


def officers(folder: Path) -> tuple[SigningKey, SigningKey]:
    """The two officers' keys."""
    return SigningKey.load(folder / "officer-1.pem"), SigningKey.load(folder / "officer-2.pem")


def world_with_officers(folder: Path, urls: dict[str, str]) -> Store:
    """A new practice store in a folder, with the officers' keys beside it."""
    keys = [SigningKey.create(folder / f"officer-{number}.pem").public for number in (1, 2)]
    return create_store(
        folder / "store",
        jurisdiction="eu",
        mode="practice",
        journal_url=urls["journal"],
        query_url=urls["query"],
        log_url=urls["log"],
        officer_keys=tuple(keys),
    )
