"""Files that are written whole or not at all: a crash leaves the one before, or this one."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file durably under another name, then gives it its own at once."""
    fresh = unfinished(path)
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def unfinished(path: Path) -> Path:
    """Where a file lies while it is written; whoever finds it there may remove it."""
    return path.with_name(f"{path.name}.new")
