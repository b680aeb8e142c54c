"""A file written for somebody: it is there whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from openets.formats.problems import refusal


@contextmanager
def written(target: Path) -> Iterator[BinaryIO]:
    """What to write into; the target is there once the block has ended well.

    Raises `Refused` where the file cannot be written.
    """
    unfinished = target.with_name(f".{target.name}.unfinished")
    try:
        with unfinished.open("wb") as file:
            yield file
        unfinished.replace(target)
    except OSError as error:
        sentence = f"The file cannot be written: {error.strerror or 'unknown error'}."
        raise refusal("formats.not-written", sentence, target.name) from error
    finally:
        unfinished.unlink(missing_ok=True)
