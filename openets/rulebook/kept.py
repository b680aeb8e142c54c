"""Law a store has worked under, kept beside it, so that a changed law can be held against it.

A release brings the law as it stands; what a running registry adopted before is nowhere in it. So
the store keeps the canonical bytes of every rulebook it adopts, in a file named by their digest:
the file proves itself. What a new law would change is told before anybody approves it.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Literal, NamedTuple

from openets.rulebook.model import Rulebook
from openets.storage.whole import write_whole

SUFFIX = ".json"
Kept = dict[str, list[dict[str, Any]]]


class Change(NamedTuple):
    """A parameter that two rulebooks have differently: its dated values in either, as JSON."""

    path: str
    what: Literal["new", "changed", "ended"]
    before: list[dict[str, Any]]
    after: list[dict[str, Any]]


def keep(rulebook: Rulebook, folder: Path) -> Path:
    """Keeps the law in a folder; does nothing if it is there already."""
    path = folder / (rulebook.digest.hex() + SUFFIX)
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(path, rulebook.canonical())
    return path


def kept(folder: Path, digest: bytes) -> Kept | None:
    """The law with a digest, or None if it is not kept or the file is not what its name says."""
    path = folder / (digest.hex() + SUFFIX)
    try:
        data = path.read_bytes()
    except OSError:
        return None
    if hashlib.sha256(data).digest() != digest:
        return None
    return dict(json.loads(data))


def changes(before: Kept, after: Kept) -> list[Change]:
    """What the later law has differently, by path."""
    found = []
    for path in sorted(before.keys() | after.keys()):
        old, new = before.get(path, []), after.get(path, [])
        if old != new:
            what: Literal["new", "changed", "ended"] = (
                "new" if not old else "ended" if not new else "changed"
            )
            found.append(Change(path, what, old, new))
    return found


def as_kept(rulebook: Rulebook) -> Kept:
    """A loaded rulebook in the form in which law is kept."""
    return dict(json.loads(rulebook.canonical()))
