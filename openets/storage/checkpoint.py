"""A state kept on disk, so that the next start need not work it out from everything again.

It is nobody's truth: whoever reads it makes sure that it is still of use, discards it if not, and
without one works the state out as ever. So a file that is missing, cut short, changed, or sealed by
another is the same thing, and one that cannot be written costs nothing but time at the next start.

    first line  JSON: {"about": {...}, "parts": [[name, length in bytes], ...]}
    parts       one after the other
    seal        64 bytes, a signature over the SHA-256 of all before them
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from openets.storage.whole import write_whole

SEAL_BYTES = 64
LINE_BYTES = 4_096
_SEALED = b"openets checkpoint 1 "

Sign = Callable[[bytes], bytes]
IsSeal = Callable[[bytes, bytes], bool]  # whether a signature is one of a message


class Checkpoint(NamedTuple):
    """What was kept: a few words about it, as JSON holds them, and the parts."""

    about: dict[str, Any]
    parts: dict[str, bytes]


def about_checkpoint(path: Path) -> dict[str, Any]:
    """What a kept state says it is about, unproved; nothing if there is none."""
    try:
        with path.open("rb") as file:
            return dict(json.loads(file.readline(LINE_BYTES))["about"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def write_checkpoint(path: Path, kept: Checkpoint, sign: Sign) -> None:
    """Keeps a state in the place of the one before; if it cannot be written, that one stays."""
    lengths = [(name, len(part)) for name, part in kept.parts.items()]
    line = json.dumps({"about": kept.about, "parts": lengths}).encode() + b"\n"
    content = b"".join((line, *kept.parts.values()))
    with suppress(OSError):
        write_whole(path, content + sign(_SEALED + sha256(content).digest()))


def read_checkpoint(path: Path, about: Mapping[str, Any], is_seal: IsSeal) -> Checkpoint | None:
    """The state that was kept, if it is whole, sealed, and about exactly this; else None.

    What else it is about, the caller has to look at.
    """
    try:
        content = path.read_bytes()
    except OSError:
        return None
    body, seal = memoryview(content)[:-SEAL_BYTES], content[-SEAL_BYTES:]
    if not is_seal(seal, _SEALED + sha256(body).digest()):
        return None
    end = content.index(b"\n") + 1
    words = json.loads(content[:end])
    if any(words["about"].get(name) != value for name, value in about.items()):
        return None
    parts = {}
    for name, length in words["parts"]:
        parts[name] = bytes(body[end : end + length])
        end += length
    return Checkpoint(words["about"], parts)


def discard_checkpoint(path: Path) -> None:
    """Removes what is of no use, so that the next occasion to keep a state is taken."""
    with suppress(OSError):
        path.unlink(missing_ok=True)
