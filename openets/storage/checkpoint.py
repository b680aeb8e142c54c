"""A state kept on disk, so that the next start need not work it out from everything again.

It is nobody's truth: whoever reads it makes sure that it is still of use, discards it if not, and
without one works the state out as ever. So a file that is missing, cut short, changed, or sealed by
another is the same thing, and one that cannot be written costs nothing but time at the next start.

    first line  JSON: {"about": {...}, "parts": [[name, length in bytes], ...]}
    parts       one after the other
    seal        64 bytes, a signature over the SHA-256 of all before them

Parts with much in them are columns: whole numbers as this kind of machine lays them out, or pieces
of one length.
"""

from __future__ import annotations

import json
import sys
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from openets.storage.whole import write_whole

ENOUGH = 65_536  # steps since the last one; fewer are sooner gone through again than it is written
BETWEEN_KEEPINGS_SECONDS = 60 * 60  # for a process that serves
SEAL_BYTES = 64
LINE_BYTES = 4_096
_SEALED = b"openets checkpoint 2 "  # with the number of the form described above

Sign = Callable[[bytes], bytes]
IsSeal = Callable[[bytes, bytes], bool]  # whether a signature is one of a message


class Checkpoint(NamedTuple):
    """What was kept: after how many steps, a few words as JSON holds them, and the parts."""

    sequence: int
    words: dict[str, Any]
    parts: dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Keeping:
    """Where a state is kept, what it has to be of (release, store, law), and whose seal it has."""

    path: Path
    of: Mapping[str, Any]
    is_seal: IsSeal

    def is_due(self, sequence: int) -> bool:
        """Whether enough has come since a state was kept last."""
        try:
            with self.path.open("rb") as file:
                last = int(json.loads(file.readline(LINE_BYTES))["about"]["sequence"])
        except (OSError, ValueError, KeyError, TypeError):
            last = 0
        return sequence - last >= ENOUGH

    def write(self, kept: Checkpoint, sign: Sign) -> None:
        """Keeps a state in the place of the one before; if it cannot be written, that one stays."""
        about = {**self._of(), "sequence": kept.sequence, "words": kept.words}
        lengths = [(name, len(part)) for name, part in kept.parts.items()]
        line = json.dumps({"about": about, "parts": lengths}).encode() + b"\n"
        content = b"".join((line, *kept.parts.values()))
        with suppress(OSError):
            write_whole(self.path, content + sign(_SEALED + sha256(content).digest()))

    def read(self) -> Checkpoint | None:
        """The state that was kept, if it is whole, sealed, and of what it has to be; else None."""
        try:
            content = self.path.read_bytes()
        except OSError:
            return None
        body, seal = memoryview(content)[:-SEAL_BYTES], content[-SEAL_BYTES:]
        if not self.is_seal(seal, _SEALED + sha256(body).digest()):
            return None
        end = content.index(b"\n") + 1
        line = json.loads(content[:end])
        about = line["about"]
        if any(about.get(name) != value for name, value in self._of().items()):
            return None
        parts = {}
        for name, length in line["parts"]:
            parts[name] = bytes(body[end : end + length])
            end += length
        return Checkpoint(about["sequence"], about["words"], parts)

    def discard(self) -> None:
        """Removes what is of no use, so that the next occasion to keep a state is taken."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)

    def _of(self) -> dict[str, Any]:
        return {"order": sys.byteorder, **self.of}


def column(rows: Iterable[Iterable[int]]) -> bytes:
    """Rows of whole numbers, one after the other, as a part."""
    return array("q", chain.from_iterable(rows)).tobytes()


def numbers(part: bytes) -> array[int]:
    """The whole numbers of a part."""
    found = array("q")
    found.frombytes(part)
    return found


def threes(part: bytes) -> Iterator[tuple[int, int, int]]:
    """The rows of a part in which three numbers are a row."""
    found = numbers(part)
    return zip(found[0::3], found[1::3], found[2::3], strict=True)


def pieces(part: bytes, length: int) -> Iterator[bytes]:
    """The pieces of one length that a part was joined from."""
    return (part[at : at + length] for at in range(0, len(part), length))
